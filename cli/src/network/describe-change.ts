import type { Change } from './plan.ts';

const marks = { create: '+', update: '~', delete: '-' } as const;

/** Longest value shown. */
const MAX_VALUE = 200;

/** One line for a change; with `details` also each member before and after. */
export function describeChange(change: Change, details: boolean): string {
  const head = `${marks[change.action]} ${change.kind.word} ${change.name}\n`;
  if (!details || change.action === 'delete') return head;
  const members = Object.entries(change.values).map(([member, value]) =>
    change.action === 'create'
      ? `    ${member}: ${brief(value)}\n`
      : `    ${member}: ${brief(change.before[member])} → ${brief(value)}\n`,
  );
  return head + members.join('');
}

function brief(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}
