import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkQueue } from './chunk-queue.ts';

/** The length of a chunk to push, or what else to do. */
const operation = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 5, arbitrary: fc.integer({ min: 1000, max: 1050 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  { weight: 20, arbitrary: fc.constant('shift' as const) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
);

/** Bytes whose place can be told from their value. */
const bytesAt = (position: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => (position + i) % 251);

describe('ChunkQueue', () => {
  it('gives back what was pushed, in order, however both alternate', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const queue = new ChunkQueue();
        let pushed = 0;
        let taken = 0;
        const take = (): boolean => {
          const out = queue.shift();
          if (!out) return false;
          expect(out.length).toBeGreaterThan(0);
          expect(Buffer.compare(out, bytesAt(taken, out.length))).toBe(0);
          taken += out.length;
          return true;
        };
        for (const next of operations) {
          if (next === 'shift') take();
          else if (next === 'clear') {
            queue.clear();
            taken = pushed;
          } else {
            queue.push(bytesAt(pushed, next));
            pushed += next;
          }
          expect(queue.isEmpty).toBe(taken === pushed);
        }
        while (take());
        expect(taken).toBe(pushed);
      }),
    );
  });

  it('holds a million single bytes in few buffers', () => {
    const queue = new ChunkQueue();
    for (let i = 0; i < 1_000_000; i += 1) queue.push(Uint8Array.of(i));
    const buffers = new Set<ArrayBufferLike>();
    let chunks = 0;
    for (let out = queue.shift(); out; out = queue.shift()) {
      buffers.add(out.buffer);
      chunks += 1;
    }
    expect(chunks).toBeLessThan(70);
    expect([...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(
      1_100_000,
    );
  });

  it('passes large chunks on without a copy', () => {
    const queue = new ChunkQueue();
    const chunks = [new Uint8Array(2000), new Uint8Array(3000)];
    for (const each of chunks) queue.push(each);
    expect([queue.shift(), queue.shift()].map((out, i) => out === chunks[i])).toEqual([true, true]);
  });
});
