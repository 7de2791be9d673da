import { beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { FairQueue, QUANTUM_BYTES } from './fair-queue.ts';

let queue: FairQueue;
beforeEach(() => (queue = new FairQueue()));

/** A frame that names its circuit and place. */
function frame(label: number, place: number, bytes = 1024): Uint8Array {
  const made = new Uint8Array(Math.max(2, bytes));
  made.set([label, place]);
  return made;
}
const fill = (label: number, count: number, bytes: number): void => {
  for (let place = 0; place < count; place++) queue.push(frame(label, place, bytes), label);
};
const takeLabels = (count: number): (number | undefined)[] =>
  Array.from({ length: count }, () => queue.take()?.[0]);

describe('FairQueue', () => {
  it('sends a small frame next, however much eight others have waiting', () => {
    for (let label = 1; label <= 8; label++) fill(label, 64, 64 * 1024);
    takeLabels(20);
    queue.push(frame(9, 0, 64), 9);
    expect(takeLabels(1)).toEqual([9]);
  });

  it('shares by bytes, not by frames', () => {
    fill(1, 200, 64 * 1024);
    fill(2, 200, 1024);
    const bytes = [0, 0, 0];
    for (let i = 0; i < 150; i++) {
      const taken = queue.take()!;
      bytes[taken[0]!]! += taken.length;
    }
    expect(Math.abs(bytes[1]! - bytes[2]!)).toBeLessThanOrEqual(2 * QUANTUM_BYTES);
  });

  it('lets nobody go first by coming back each time: bulk goes on', () => {
    fill(1, 100, 32 * 1024);
    let ofBulk = 0;
    for (let i = 0; i < 100; i++) {
      queue.push(frame(2, 0, 32 * 1024), 2);
      if (queue.take()?.[0] === 1) ofBulk += 1;
    }
    expect(ofBulk).toBeGreaterThanOrEqual(40);
  });

  it('sends what belongs to no circuit before all, in its order', () => {
    fill(1, 3, 64 * 1024);
    queue.push(frame(0, 1));
    queue.push(frame(0, 2));
    expect([queue.take(), queue.take()].map((taken) => [...taken!.subarray(0, 2)])).toEqual([
      [0, 1],
      [0, 2],
    ]);
  });

  it('forgets what waits when cleared, and circuits that have nothing waiting', () => {
    fill(1, 3, 1024);
    queue.clear();
    expect([queue.bytes, queue.take()]).toEqual([0, undefined]);
    fill(1, 1, 1024);
    expect(takeLabels(2)).toEqual([1, undefined]);
  });

  it('keeps the order of each circuit, loses nothing and counts right, whatever comes', () => {
    const step = fc.oneof(
      fc.record({ label: fc.integer({ min: 0, max: 4 }), bytes: fc.nat(70_000) }),
      fc.constant('take' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const waiting = new Map<number, Uint8Array[]>();
        const any = new FairQueue();
        let bytes = 0;
        const take = (): boolean => {
          const taken = any.take();
          if (taken === undefined) return false;
          bytes -= taken.length;
          expect(waiting.get(taken[0]!)?.shift()).toBe(taken);
          return true;
        };
        for (const one of steps) {
          if (one === 'take') take();
          else {
            const made = frame(one.label, 0, one.bytes);
            waiting.set(one.label, [...(waiting.get(one.label) ?? []), made]);
            bytes += made.length;
            any.push(made, one.label === 0 ? undefined : one.label);
          }
          expect(any.bytes).toBe(bytes);
        }
        while (take());
        expect([...waiting.values()].flat()).toEqual([]);
      }),
    );
  });
});
