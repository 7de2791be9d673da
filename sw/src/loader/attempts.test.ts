import { expect, it } from 'vitest';
import { memoryStorage } from '../test-support/memory-storage.ts';
import { forgetAttempts, MAX_ATTEMPTS, noteAttempt, WINDOW_MS } from './attempts.ts';

it('allows a few starts in a short time, and more later or on demand', () => {
  const storage = memoryStorage();
  for (let i = 0; i < MAX_ATTEMPTS; i += 1) expect(noteAttempt(storage, 1000 + i)).toBe(true);
  expect(noteAttempt(storage, 2000)).toBe(false);
  forgetAttempts(storage);
  expect(noteAttempt(storage, 2000)).toBe(true);
  for (let i = 1; i < MAX_ATTEMPTS; i += 1) noteAttempt(storage, 2000);
  expect(noteAttempt(storage, 2000 + WINDOW_MS - 1)).toBe(false);
  expect(noteAttempt(storage, 2000 + WINDOW_MS)).toBe(true);
});

it.each(['{', 'null', '"x"', '[null,"a",99999999999999]'])('lives with %s in storage', (held) => {
  const storage = memoryStorage();
  storage.setItem('postern.loader', held);
  expect(noteAttempt(storage, 1000)).toBe(true);
});
