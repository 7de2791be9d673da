import { describe, expect, it } from 'vitest';
import { MAX_RETAINED_BYTES, RetainedMessages, RetentionBudget } from './retained-messages.ts';

const message = (length: number) => new Uint8Array(length);

describe('retained messages', () => {
  it('are kept until acknowledged, and no longer', () => {
    const budget = new RetentionBudget(1_000);
    const retained = new RetainedMessages(budget);
    const first = message(10);
    retained.add(first);
    retained.add(message(20));
    expect(retained.get(1)).toBe(first);
    expect(retained.covers(0)).toBe(true);
    retained.acknowledge(1);
    expect(retained.get(1)).toBeUndefined();
    expect([retained.covers(0), retained.covers(1), retained.covers(2)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(retained.covers(3)).toBe(false);
    expect([retained.bytes, budget.usedBytes]).toEqual([20, 20]);
    retained.acknowledge(99);
    expect([retained.bytes, budget.usedBytes, retained.last]).toEqual([0, 0, 2]);
  });

  it('of one session never exceed its window, whatever the peer acknowledges', () => {
    const retained = new RetainedMessages(new RetentionBudget(Infinity));
    for (let i = 0; i < 200; i += 1) retained.add(message(65_560));
    expect(retained.bytes).toBeLessThanOrEqual(MAX_RETAINED_BYTES);
    expect(retained.covers(200)).toBe(true);
    expect(retained.covers(0)).toBe(false);
    expect(retained.get(200)).toBeDefined();
  });

  it('of all sessions together stay within the budget: the one that grows forgets its oldest', () => {
    const budget = new RetentionBudget(100);
    const [one, two] = [new RetainedMessages(budget), new RetainedMessages(budget)];
    one.add(message(60));
    two.add(message(30));
    two.add(message(30));
    expect(one.covers(0)).toBe(true);
    expect([two.covers(0), two.covers(1)]).toEqual([false, true]);
    two.add(message(90));
    expect([two.bytes, two.covers(2), two.covers(3)]).toEqual([0, false, true]);
    expect(budget.usedBytes).toBe(60);
    one.clear();
    expect(budget.usedBytes).toBe(0);
  });
});
