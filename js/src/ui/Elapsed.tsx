/** How long something has been going on, told anew each second. */
import { useEffect, useState } from 'preact/hooks';
import { duration } from './format';

export function Elapsed({ since }: { since: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  // The clocks of the store and of this page may differ a little.
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1_000));
  return <span title="so far">{seconds < 60 ? `${seconds} s` : duration(seconds)}</span>;
}
