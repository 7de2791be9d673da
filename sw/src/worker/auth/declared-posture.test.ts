import { declaredPostureSchema } from '@postern/shared/schemas';
import { describe, expect, it } from 'vitest';
import { declaredPosture } from './declared-posture.ts';

const mozilla = 'Mozilla/5.0';

describe('what a browser declares', () => {
  it.each([
    [
      `${mozilla} (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0`,
      { browser: { name: 'firefox', majorVersion: 128 }, platform: { name: 'Linux', version: '' } },
    ],
    [
      `${mozilla} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15`,
      {
        browser: { name: 'safari', majorVersion: 17 },
        platform: { name: 'macOS', version: '10.15.7' },
      },
    ],
    [
      `${mozilla} (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0`,
      {
        browser: { name: 'firefox', majorVersion: 115 },
        platform: { name: 'Windows', version: '10.0' },
      },
    ],
    ['something else', {}],
  ])('by its user agent string: %s', async (userAgent, expected) => {
    expect(await declaredPosture({ userAgent })).toEqual(expected);
  });

  it('by client hints before anything else', async () => {
    const declared = await declaredPosture({
      userAgent: 'Chrome/1',
      userAgentData: {
        brands: [
          { brand: 'Not=A?Brand', version: '99' },
          { brand: 'Chromium', version: '131' },
          { brand: 'Google Chrome', version: '131' },
        ],
        platform: 'Windows',
        getHighEntropyValues: () => Promise.resolve({ platformVersion: '15.0.0' }),
      },
    });
    expect(declared).toEqual({
      browser: { name: 'chrome', majorVersion: 131 },
      platform: { name: 'Windows', version: '15.0.0' },
    });
    expect(declaredPostureSchema.parse(declared)).toEqual(declared);
  });

  it('says less when the hints are refused, and nothing the controller would not take', async () => {
    const declared = await declaredPosture({
      userAgent: '',
      userAgentData: {
        brands: [{ brand: 'Chromium', version: '9'.repeat(20) }],
        platform: 'x'.repeat(500),
        getHighEntropyValues: () => Promise.reject(new Error('no')),
      },
    });
    expect(declaredPostureSchema.safeParse(declared).success).toBe(true);
  });
});
