/** Moments as people speak of them, from now. */
import { useEffect, useState } from 'preact/hooks';

const UNITS: [seconds: number, name: string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's']
];

/** A moment from now in one or two units: in 3 min, 2 d 4 h ago, now. */
export function relative(instant: string | null, now: number): string {
  if (!instant) return '';
  const seconds = Math.round((Date.parse(instant) - now) / 1000);
  const away = Math.abs(seconds);
  if (away < 1) return 'now';
  const at = UNITS.findIndex(([size]) => away >= size);
  const [size, name] = UNITS[at]!;
  const whole = Math.floor(away / size);
  const [smaller, its] = UNITS[at + 1] ?? [1, ''];
  // The second unit is news only while there are few of the first.
  const rest = its && its !== 's' && whole < 10 ? Math.floor((away - whole * size) / smaller) : 0;
  const words = `${whole} ${name}${rest ? ` ${rest} ${its}` : ''}`;
  return seconds > 0 ? `in ${words}` : `${words} ago`;
}

/** The present moment in milliseconds; draws again every so often. */
export function useNow(every = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
