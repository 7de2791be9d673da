import { AppError } from '@postern/shared/errors';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_WAITING, PATIENCE_MS, SignInPrompt } from './sign-in-prompt.ts';

const ended = new AppError('ERR_SESSION_ENDED', 'over');
let isSignedIn: boolean;
let endPatience: () => void;
const postMessage = vi.fn();
const sleep = vi.fn();
let prompt: SignInPrompt;

const attempt = (): Promise<string> =>
  isSignedIn ? Promise.resolve('answer') : Promise.reject(ended);
const asked = () => vi.waitFor(() => expect(postMessage).toHaveBeenCalled());

beforeEach(() => {
  isSignedIn = false;
  postMessage.mockReset();
  sleep
    .mockReset()
    .mockImplementation(() => new Promise<void>((resolve) => (endPatience = resolve)));
  prompt = new SignInPrompt({ pages: () => Promise.resolve([{ postMessage }]), sleep });
});

describe('SignInPrompt', () => {
  it('lets requests go on after a sign-in, asking once', async () => {
    const all = [prompt.whenSignedIn(attempt), prompt.whenSignedIn(attempt)];
    await asked();
    isSignedIn = true;
    await prompt.signedIn();
    expect(await Promise.all(all)).toEqual(['answer', 'answer']);
    expect(postMessage.mock.calls).toEqual([
      [{ type: 'postern.sign-in' }],
      [{ type: 'postern.signed-in' }],
    ]);
  });

  it.each([
    ['the person declines', () => prompt.declined()],
    ['nobody answers', () => endPatience()],
  ])('fails them when %s, and asks the next one again', async (_, end) => {
    const request = prompt.whenSignedIn(attempt);
    await asked();
    expect(sleep).toHaveBeenCalledWith(PATIENCE_MS);
    end();
    await expect(request).rejects.toBe(ended);
    postMessage.mockReset();
    void prompt.whenSignedIn(attempt).catch(() => undefined);
    await asked();
  });

  it('stops waiting when the page gives up', async () => {
    const page = new AbortController();
    const request = prompt.whenSignedIn(attempt, page.signal);
    await asked();
    page.abort();
    await expect(request).rejects.toMatchObject({ code: 'ERR_SW_ABORTED' });
  });

  it('does not ask for errors that a sign-in cannot mend', async () => {
    const removed = new AppError('ERR_ACCESS_REMOVED', 'no');
    await expect(prompt.whenSignedIn(() => Promise.reject(removed))).rejects.toBe(removed);
    expect(postMessage).not.toHaveBeenCalled();
  });

  it('lets a bounded number wait', async () => {
    for (let i = 0; i < MAX_WAITING; i++) void prompt.whenSignedIn(attempt).catch(() => undefined);
    await asked();
    await expect(prompt.whenSignedIn(attempt)).rejects.toBe(ended);
  });
});
