import { describe, expect, it } from 'vitest';
import { age, milliseconds, size } from './units.ts';

describe('size', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [12.5 * 1024 ** 2, '12.5 MiB'],
    [2048 * 1024 ** 4, '2048.0 TiB'],
  ])('%i', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });
});

describe('age', () => {
  it.each([
    [0, '0s'],
    [999, '0s'],
    [65_000, '1m 5s'],
    [3_600_000, '1h 0m'],
    [273_600_000, '3d 4h'],
  ])('%i ms', (ms, text) => {
    expect(age(ms)).toBe(text);
  });
});

it('milliseconds are exact where they are few, and empty where unknown', () => {
  expect([0.416, 12.4, undefined].map(milliseconds)).toEqual(['0.42 ms', '12 ms', '']);
});
