/** The lines of a log as far as they are known: the newest page, and older ones on demand. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TaskLogPage, TaskLogRow } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';

export interface Log {
  lines: TaskLogRow[];
  /** How many lines were written before these. */
  older: number;
  busy: boolean;
  error: string;
  readOlder(): void;
}

export type Known = Pick<Log, 'lines' | 'older'>;

const NOTHING: Known = { lines: [], older: 0 };

/** What is known once a newer page has come. Where lines were missed between the two, only the new page stands. */
export function join(known: Known, page: Known): Known {
  const first = page.lines[0];
  if (!first || !known.lines.length) return page;
  const at = known.lines.findIndex(line => line.entry_id === first.entry_id);
  if (at < 0) return page;
  return { lines: [...known.lines.slice(0, at), ...page.lines], older: known.older };
}

/** A log: of a task, which comes unasked in `pushed`, or of one of its jobs, asked for whenever `version` is new. */
export function useLog(source: Answerer, task_id: string, job_id: string, version: string, pushed?: Known): Log {
  const [known, setKnown] = useState<Known>(pushed ?? NOTHING);
  const [state, setState] = useState({ busy: false, error: '' });
  const round = useRef(0);

  const ask = async (before: string, add: (page: Known, old: Known) => Known) => {
    const mine = round.current;
    setState({ busy: true, error: '' });
    try {
      const page = await source.request<TaskLogPage>('task_log', { task_id, before, job_id: job_id || '0' });
      if (mine !== round.current) return;
      setKnown(old => add({ lines: page.log, older: page.older }, old));
      setState({ busy: false, error: '' });
    } catch (error) {
      if (mine === round.current) setState({ busy: false, error: (error as Error).message });
    }
  };

  useEffect(() => {
    round.current += 1;
    if (pushed) setKnown(old => join(old, pushed));
    else void ask('0', (page, old) => join(old, page));
    return () => {
      round.current += 1;
    };
  }, [source, task_id, job_id, version, pushed?.lines]);

  const before = known.lines[0]?.entry_id ?? '0';
  const readOlder = () => void ask(before, (page, old) => ({ lines: [...page.lines, ...old.lines], older: page.older }));
  return { ...known, ...state, readOlder };
}
