import { describe, expect, it } from 'vitest';
import { codeAt, newTotpSecret, provisioningUrl, qrCodePath, qrCodePng, stepOf } from './totp.ts';

/** RFC 6238 appendix B, SHA-1, the last six of its eight digits. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const VECTORS = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
] as const;

describe('TOTP', () => {
  it.each(VECTORS)('at %i s is %s', (seconds, code) => {
    expect(codeAt(SECRET, seconds * 1000)).toBe(code);
    expect(stepOf(SECRET, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  it('accepts the codes of one step before and after, and names their own step', () => {
    const nowMs = 1_800_000_000_000;
    const step = nowMs / 30_000;
    for (const [shift, expected] of [
      [-2, undefined],
      [-1, step - 1],
      [0, step],
      [1, step + 1],
      [2, undefined],
    ] as const)
      expect(stepOf(SECRET, codeAt(SECRET, nowMs + shift * 30_000), nowMs)).toBe(expected);
  });

  it.each(['', '28708', '2870820', '28708a', ' 287082', '２８７０８２'])('refuses "%s"', (code) => {
    expect(stepOf(SECRET, code, 59_000)).toBeUndefined();
  });

  it('makes secrets of 160 bits, each its own', () => {
    expect(newTotpSecret()).toMatch(/^[A-Z2-7]{32}$/);
    expect(newTotpSecret()).not.toBe(newTotpSecret());
  });

  it('tells authenticator apps by URL and by picture', async () => {
    const url = provisioningUrl(SECRET, 'postern', 'Ann & Bob: x');
    expect(new URL(url).searchParams.get('secret')).toBe(SECRET);
    expect(url).not.toContain('Ann & Bob: x');
    expect((await qrCodePng(url)).subarray(1, 4).toString()).toBe('PNG');
    const { size, path } = qrCodePath(url);
    expect(size).toBeGreaterThan(20);
    expect(path).toMatch(/^(M\d+ \d+h1v1h-1z)+$/);
  });
});
