/** The axes of a chart of values over places. */
import { ticksOf, tickText } from './ticks';

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Where a value stands in a frame that goes from the lowest to the highest. */
export function heightOf(frame: Frame, low: number, high: number): (value: number) => number {
  const room = frame.height - frame.top - frame.bottom;
  return value => frame.height - frame.bottom - ((value - low) / (high - low)) * room;
}

/** The lines and numbers of the axis of values. */
export function ValueAxis({ frame, low, high }: { frame: Frame; low: number; high: number }) {
  const y = heightOf(frame, low, high);
  return (
    <>
      {ticksOf(low, high).map(value => (
        <g key={value}>
          <line class="hl-gridline" x1={frame.left} x2={frame.width - frame.right} y1={y(value)} y2={y(value)} />
          <text class="hl-tick-y" x={frame.left - 6} y={y(value) + 3}>
            {tickText(value)}
          </text>
        </g>
      ))}
    </>
  );
}

/** The names of both axes; `below` is how far the lower one is from the edge. */
export function AxisNames({ frame, x, y, below }: { frame: Frame; x: string; y: string; below: number }) {
  const middle = (frame.top + frame.height - frame.bottom) / 2;
  return (
    <>
      <text class="hl-axis" x={(frame.left + frame.width - frame.right) / 2} y={frame.height - below}>
        {x}
      </text>
      <text class="hl-axis" transform={`translate(12, ${middle}) rotate(-90)`}>
        {y}
      </text>
    </>
  );
}
