/** What the checks of a schedule have spent of its alarm budget, and how near the next alarm is. */
import { toNumber } from '../../contract/decode';
import type { SpentAlarmBudget } from '../../contract/types.gen';
import { budgetText, evidenceText } from './words';

export function AlarmBudget({ budget }: { budget: SpentAlarmBudget }) {
  const limit = toNumber(budget.false_alarms);
  const spent = Math.min(toNumber(budget.spent), limit);
  const text = budgetText(budget);
  return (
    <p class="hl-needed" title={`Task ${budget.task_id}`}>
      <span class="hl-progress" role="meter" aria-label={text} aria-valuenow={spent} aria-valuemin={0} aria-valuemax={limit}>
        <span style={{ width: `${(spent / limit) * 100}%` }} />
      </span>
      {text}; {evidenceText(budget)}
    </p>
  );
}
