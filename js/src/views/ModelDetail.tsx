/** All that is known of one model: its versions, metrics, differences, aliases and history. */
import { useState } from 'preact/hooks';
import type { ModelDetail as Detail } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { count } from '../ui/format';
import { type Tab, Tabs } from '../ui/Tabs';
import { Alias } from './model/Alias';
import { Aliases } from './model/Aliases';
import { aliasesOf } from './model/groups';
import { Compare } from './model/Compare';
import { History } from './model/History';
import { MetricChart } from './model/MetricChart';
import { Versions } from './model/Versions';
import './task/task.css';
import './model/model.css';

interface Props {
  source: Answerer;
  detail: Detail | null;
  waiting: boolean;
  error: string;
  title: string;
  /** Goes to the run that made a version, where that can be shown. */
  onOpenRun?: ((run_id: string, name: string) => void) | undefined;
}

export function ModelDetail({ source, detail, waiting, error, title, onOpenRun }: Props) {
  const [ticked, setTicked] = useState<ReadonlySet<number>>(new Set());
  const tick = (version: number) => {
    const next = new Set(ticked);
    if (!next.delete(version)) next.add(version);
    setTicked(next);
  };
  return (
    <section class="hl-details" aria-label={`Model ${title}`} aria-busy={waiting}>
      <header class="hl-title">
        <h3>{title}</h3>
        {detail && (
          <span>
            {aliasesOf(detail).map(row => (
              <Alias key={row.alias} name={row.alias} version={row.version} />
            ))}
          </span>
        )}
        {detail && <small>{count(detail.versions.length, 'version')}</small>}
        {waiting && !detail && <small role="status">Reading …</small>}
      </header>
      {error && <p class="hl-empty">{error}</p>}
      {detail && (
        <Tabs label="Details of the model" tabs={tabs({ source, detail, ticked, onTick: tick, onOpenRun })} />
      )}
    </section>
  );
}

interface Given {
  source: Answerer;
  detail: Detail;
  ticked: ReadonlySet<number>;
  onTick(version: number): void;
  onOpenRun?: Props['onOpenRun'];
}

function tabs(given: Given): Tab[] {
  const { source, detail, ticked } = given;
  return [
    { name: 'Versions', note: String(detail.versions.length), draw: () => <Versions {...given} /> },
    { name: 'Metrics', draw: () => <MetricChart detail={detail} /> },
    {
      name: 'Compare',
      note: ticked.size ? String(ticked.size) : undefined,
      draw: () => <Compare source={source} detail={detail} ticked={ticked} />
    },
    { name: 'Aliases', note: String(detail.aliases.length), draw: () => <Aliases source={source} detail={detail} /> },
    { name: 'History', note: String(detail.history_total), draw: () => <History detail={detail} /> }
  ];
}
