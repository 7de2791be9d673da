import { expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

it.each([
  ['5s', 5_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['10us', 0.01],
  ['', undefined],
  ['5', undefined],
  ['-5s', undefined],
  ['5s ', undefined],
  ['s', undefined],
  ['5d', undefined],
  ['1s'.repeat(33), undefined],
])('%s is %s ms', (text, ms) => expect(parseDuration(text)).toBe(ms));
