import { moment, shortMoment } from './format';

/** A moment in UTC, briefly or in other words; its title has all of it. */
export function Instant({ at, text = shortMoment(at) }: { at: string; text?: string }) {
  return (
    <time dateTime={at} title={`${moment(at)} UTC`}>
      {text}
    </time>
  );
}
