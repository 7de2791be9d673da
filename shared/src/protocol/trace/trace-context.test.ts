import { describe, expect, it } from 'vitest';
import {
  beginWorkerTrace,
  formatTraceparent,
  formatWorkerTrace,
  parseTraceparent,
  parseWorkerTrace,
} from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('traceparent', () => {
  it.each([
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    [`cc-${traceId}-${spanId}-03-what-comes-later`, true],
  ])('%s is read', (text, sampled) => {
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, sampled });
  });

  it.each([
    undefined,
    '',
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01${'-x'.repeat(200)}`,
  ])('%s is ignored', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('a worker’s trace', () => {
  it('goes on with the page’s, and says so', () => {
    const page = formatTraceparent({ traceId, spanId, sampled: true });
    const begun = { ...beginWorkerTrace(page), ageMs: 3.25 };
    expect(begun).toMatchObject({ context: { traceId, sampled: true }, parentSpanId: spanId });
    const text = formatWorkerTrace(begun);
    expect(text).toMatch(
      new RegExp(`^00-${traceId}-[0-9a-f]{16}-01;age=3\\.[23];parent=${spanId}$`),
    );
    expect(parseWorkerTrace(text)).toMatchObject({ context: begun.context, parentSpanId: spanId });
  });

  it('is a new one otherwise, undecided', () => {
    const [one, other] = [beginWorkerTrace(undefined), beginWorkerTrace('nonsense')];
    expect(one.context.traceId).not.toBe(other.context.traceId);
    const text = formatWorkerTrace({ ...one, ageMs: -1 });
    expect(parseWorkerTrace(text)).toEqual({ ...one, ageMs: 0 });
    for (const broken of [undefined, '', text.slice(1), `${text};x`, text.replace('age', 'old')])
      expect(parseWorkerTrace(broken)).toBeUndefined();
  });
});
