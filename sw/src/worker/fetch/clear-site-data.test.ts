import { expect, it } from 'vitest';
import { siteDataToClear } from './clear-site-data.ts';

it.each([
  ['"cache", "cookies"', true, true],
  ['"*"', true, true],
  ['"cache"', true, false],
  ['"storage", "executionContexts"', false, false],
  ['cache, cookies', false, false],
  ['', false, false],
])('%s', (value, clearCache, clearCookies) => {
  expect(siteDataToClear([['clear-site-data', value]])).toEqual({ clearCache, clearCookies });
});
