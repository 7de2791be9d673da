import type { Inspect, Inspection } from '@postern/shared/schemas';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RouterQuestions } from './router-questions.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function asked(isOpen = true) {
  const sent: Inspect[] = [];
  const questions = new RouterQuestions({
    send: (question) => {
      sent.push(question);
      return isOpen;
    },
  });
  return { sent, questions };
}
const answer = (total: number): Inspection => ({ value: 'links', links: [], total });

describe('a question', () => {
  it('is answered by the answer that names it, once', async () => {
    const { sent, questions } = asked();
    const first = questions.ask({ value: 'links' });
    const second = questions.ask({ value: 'links' });
    const [{ requestId }] = sent as [Inspect];
    questions.receive({ requestId: 99, answer: answer(0) });
    questions.receive({ requestId, answer: answer(1) });
    questions.receive({ requestId, answer: answer(2) });
    expect(await first).toMatchObject({ total: 1 });
    questions.close();
    expect(await second).toMatchObject({ code: 'ERR_INSPECT_UNREACHABLE' });
  });

  it('is given up after its time, when nobody is there, and when too many wait', async () => {
    const late = asked().questions.ask({ value: 'circuits' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await late).toMatchObject({ value: 'failed', code: 'ERR_INSPECT_TIMEOUT' });
    expect(await asked(false).questions.ask({ value: 'links' })).toMatchObject({
      code: 'ERR_INSPECT_UNREACHABLE',
    });
    const { questions } = asked();
    const waiting = Array.from({ length: 32 }, () => questions.ask({ value: 'links' }));
    expect(await questions.ask({ value: 'links' })).toMatchObject({ code: 'ERR_INSPECT_BUSY' });
    questions.close();
    await Promise.all(waiting);
  });
});
