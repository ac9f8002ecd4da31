/** What a run keeps, to be downloaded. */
import { useState } from 'preact/hooks';
import type { ArtifactPart, ArtifactRow } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { Button, ControlProblem } from '../ui/controls/ControlButton';
import { size } from '../ui/format';
import { DataTable } from '../ui/parts';

/** A page keeps all of it in memory while it is fetched. */
const MOST_BYTES = 200 * 2 ** 20;

interface Props {
  source: Answerer;
  run_id: string;
  artifacts: ArtifactRow[];
}

export function Artifacts({ source, run_id, artifacts }: Props) {
  return (
    <DataTable
      head={['Name', 'Kind', 'Type', 'Size', '']}
      rows={artifacts.map(each => ({
        key: `${run_id} ${each.name}`,
        cells: [
          each.name,
          each.kind,
          each.media_type,
          size(each.size_bytes),
          <Download key={run_id} source={source} run_id={run_id} artifact={each} />
        ]
      }))}
      numbers={[3]}
      empty="No artifacts are kept."
    />
  );
}

function Download({ source, run_id, artifact }: { source: Answerer; run_id: string; artifact: ArtifactRow }) {
  const [done, setDone] = useState<number | null>(null); // the share that has come, while it is fetched
  const [error, setError] = useState('');
  const fetch = async () => {
    setError('');
    setDone(0);
    try {
      save(await fetchAll(source, run_id, artifact, setDone), artifact.name);
    } catch (failure) {
      setError((failure as Error).message);
    }
    setDone(null);
  };
  const tooLarge = artifact.size_bytes > MOST_BYTES;
  return (
    <span class="hl-controls">
      <Button
        busy={done !== null}
        disabled={tooLarge}
        title={tooLarge ? 'Too large for a page; read it with run.artifact() in Python' : `Download ${artifact.name}`}
        onClick={() => void fetch()}
      >
        {done ? `${Math.round(done * 100)} %` : 'Download'}
      </Button>
      {error && <ControlProblem onForget={() => setError('')}>{error}</ControlProblem>}
    </span>
  );
}

async function fetchAll(
  source: Answerer,
  run_id: string,
  { name, media_type }: ArtifactRow,
  onPart: (share: number) => void
): Promise<Blob> {
  const pieces: BlobPart[] = [];
  for (let part = 0, parts = 1; part < parts; part++) {
    const answer = await source.request<ArtifactPart>('artifact', { run_id, name, part: String(part) });
    parts = answer.parts;
    pieces.push(Uint8Array.from(atob(answer.data), each => each.charCodeAt(0)));
    onPart((part + 1) / parts);
  }
  return new Blob(pieces, { type: media_type });
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.split(/[\\/]/).at(-1) || 'artifact';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
