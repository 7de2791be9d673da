import { expect, it } from 'vitest';
import { renewalTimeMs } from './renewal-time.ts';

it('is when a third of the life is left, spread over a tenth of it', () => {
  const life = { notBeforeMs: 1_000, notAfterMs: 91_000 };
  expect(renewalTimeMs(life, 0)).toBe(61_000);
  expect(renewalTimeMs(life, 0.5)).toBe(62_500);
  expect(renewalTimeMs(life, 1)).toBe(64_000);
});
