import { expect, it } from 'vitest';
import { addressKey, createRateLimit } from './rate-limit.ts';

it('lets the given number through in a minute, by key', () => {
  let nowMs = 0;
  const limit = createRateLimit(2, () => nowMs);
  expect([limit.take('a'), limit.take('a'), limit.take('a'), limit.take('b')]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  nowMs = 60_000;
  expect(limit.take('a')).toBe(true);
});

it('refuses new keys when its table is full, until entries expire', () => {
  let nowMs = 0;
  const limit = createRateLimit(2, () => nowMs);
  for (let n = 0; n < 10_000; n++) limit.take(String(n));
  expect(limit.take('one more')).toBe(false);
  nowMs = 60_000;
  expect(limit.take('one more')).toBe(true);
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
])('counts %s as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
