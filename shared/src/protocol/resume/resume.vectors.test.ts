import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counting, pinned } from '../../../../test/harness/vectors.ts';
import { concatBytes, toHex } from '../../bytes/index.ts';
import { decodeResume, decodeResumed, isResume } from './messages.ts';
import { ResumptionKeys } from './resumption-keys.ts';

const CIRCUIT = 'circuit-2';
const newKeys = () =>
  ResumptionKeys.create({ id: counting(16), client: counting(32, 16), host: counting(32, 48) });

async function compute() {
  const keys = await newKeys();
  const request = await keys.request({ attempt: 7, received: 2 ** 40 + 3 }, CIRCUIT);
  const answer = await keys.answer(request, 12, CIRCUIT);
  return {
    id: toHex(counting(16)),
    clientKey: toHex(counting(32, 16)),
    hostKey: toHex(counting(32, 48)),
    circuitId: CIRCUIT,
    attempt: 7,
    clientReceived: 2 ** 40 + 3,
    hostReceived: 12,
    request: toHex(request),
    answer: toHex(answer),
  };
}

describe('messages that resume a session', () => {
  it('match test/vectors/resume.json', async () => {
    const computed = await compute();
    expect(computed).toEqual(pinned('resume', computed));
  });

  it('say what they were made of', async () => {
    const keys = await newKeys();
    const request = await keys.request({ attempt: 1, received: 5 }, CIRCUIT);
    expect(isResume(request)).toBe(true);
    expect(await keys.checkRequest(request, CIRCUIT)).toEqual({
      version: 1,
      id: counting(16),
      attempt: 1,
      received: 5,
    });
    const answer = await keys.answer(request, 9, CIRCUIT);
    expect(isResume(answer)).toBe(false);
    expect(await keys.checkAnswer(answer, request, CIRCUIT)).toBe(9);
  });

  it('are good for one circuit, one request and whole only', async () => {
    const keys = await newKeys();
    const proof = { code: 'ERR_RESUME_PROOF' };
    const request = await keys.request({ attempt: 1, received: 5 }, CIRCUIT);
    const later = await keys.request({ attempt: 2, received: 5 }, CIRCUIT);
    const answer = await keys.answer(request, 9, CIRCUIT);
    await expect(keys.checkRequest(request, 'circuit-3')).rejects.toMatchObject(proof);
    await expect(keys.checkAnswer(answer, later, CIRCUIT)).rejects.toMatchObject(proof);
    await expect(keys.checkAnswer(answer, request, 'circuit-3')).rejects.toMatchObject(proof);
    for (let at = 0; at < request.length; at += 1) {
      const altered = request.slice();
      altered[at] = (altered[at] as number) ^ 1;
      await expect(keys.checkRequest(altered, CIRCUIT)).rejects.toThrow();
    }
    for (let at = 0; at < answer.length; at += 1) {
      const altered = answer.slice();
      altered[at] = (altered[at] as number) ^ 0x80;
      await expect(keys.checkAnswer(altered, request, CIRCUIT)).rejects.toThrow();
    }
    expect(() => decodeResume(concatBytes(request, counting(1)))).toThrow();
    expect(() => decodeResumed(answer.subarray(0, -1))).toThrow();
  });

  it('are told from any other bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(decodeResume, decodeResumed),
        fc.constantFrom(0, 4, 5),
        (bytes, decode, tag) => {
          try {
            decode(tag === 0 ? bytes : concatBytes(Uint8Array.of(tag), bytes));
          } catch (error) {
            expect((error as { code: string }).code).toMatch(/^ERR_(RESUME_MESSAGE|BYTES_)/);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
