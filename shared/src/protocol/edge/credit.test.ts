import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CreditWindow, ENFORCE_SLACK_BYTES, ENFORCE_SLACK_MESSAGES } from './credit.ts';
import { ReceiveCredit } from './receive-credit.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('CreditWindow', () => {
  it('counts down by what is sent and up by what is credited', () => {
    const window = new CreditWindow(1000, 10);
    window.sent(600);
    expect([window.availableBytes, window.outstandingBytes, window.outstandingMessages]).toEqual([
      400, 600, 1,
    ]);
    window.credited({ totalBytes: 600, sequence: 1 });
    expect([window.availableBytes, window.outstandingBytes, window.outstandingMessages]).toEqual([
      1000, 0, 0,
    ]);
    window.sent(1100);
    expect(window.availableBytes).toBe(0);
  });

  it('has no credit left when full of messages, however small', () => {
    const window = new CreditWindow(1000, 2);
    window.sent(0);
    window.sent(0);
    expect(window.availableBytes).toBe(0);
    expect(window.wouldExceed(0, 0, 0)).toBe(true);
    expect(window.wouldExceed(0, 0, 1)).toBe(false);
  });

  it('ignores older totals and refuses ones beyond what was sent', () => {
    const window = new CreditWindow(1000, 10);
    window.sent(100);
    window.sent(100);
    window.credited({ totalBytes: 200, sequence: 2 });
    window.credited({ totalBytes: 100, sequence: 1 });
    expect(window.outstandingBytes).toBe(0);
    expect(() => window.credited({ totalBytes: 201, sequence: 2 })).toThrow(
      code('ERR_CIRCUIT_FLOW_CONTROL'),
    );
    expect(() => window.credited({ totalBytes: 200, sequence: 3 })).toThrow(
      code('ERR_CIRCUIT_FLOW_CONTROL'),
    );
  });
});

describe('ReceiveCredit', () => {
  it('is due at a quarter of the window, in bytes or in messages', () => {
    const byBytes = new ReceiveCredit(1000, 100);
    byBytes.received(1, 249);
    byBytes.consumed(1, 249);
    expect(byBytes.isDue).toBe(false);
    byBytes.received(2, 1);
    byBytes.consumed(2, 1);
    expect(byBytes.isDue).toBe(true);
    expect(byBytes.take()).toEqual({ totalBytes: 250, sequence: 2 });
    expect(byBytes.take()).toBeUndefined();
    const byCount = new ReceiveCredit(1000, 4);
    byCount.received(1, 0);
    byCount.consumed(1, 0);
    expect(byCount.isDue).toBe(true);
  });

  it.each([undefined, 0, 2, 5])('refuses sequence %s as the first', (sequence) => {
    expect(() => new ReceiveCredit().received(sequence, 1)).toThrow(code('ERR_CIRCUIT_LOST'));
  });

  it('refuses a repeated message', () => {
    const credit = new ReceiveCredit();
    credit.received(1, 1);
    expect(() => credit.received(1, 1)).toThrow(code('ERR_CIRCUIT_LOST'));
  });

  it('refuses bytes and messages beyond window and slack', () => {
    const bytes = new ReceiveCredit(1000, 100);
    bytes.received(1, 1000 + ENFORCE_SLACK_BYTES);
    expect(() => bytes.received(2, 1)).toThrow(code('ERR_CIRCUIT_FLOW_CONTROL'));
    const messages = new ReceiveCredit(1000, 10);
    for (let i = 1; i <= 10 + ENFORCE_SLACK_MESSAGES; i += 1) messages.received(i, 0);
    expect(() => messages.received(11 + ENFORCE_SLACK_MESSAGES, 0)).toThrow(
      code('ERR_CIRCUIT_FLOW_CONTROL'),
    );
  });

  it('credits only what lies before the first message not consumed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1, maxLength: 30 }),
        fc.infiniteStream(fc.nat()),
        (sizes, picks) => {
          const credit = new ReceiveCredit(100_000, 1000);
          sizes.forEach((size, i) => credit.received(i + 1, size));
          const open = new Set(sizes.keys());
          while (open.size > 0) {
            const index = [...open][Number(picks.next().value) % open.size]!;
            open.delete(index);
            credit.consumed(index + 1, sizes[index]!);
            const done = Math.min(sizes.length, ...open);
            const taken = credit.take();
            if (taken !== undefined) {
              expect(taken).toEqual({
                sequence: done,
                totalBytes: sizes.slice(0, done).reduce((a, b) => a + b, 0),
              });
            }
          }
          expect(credit.take()).toBeUndefined();
        },
      ),
    );
  });
});
