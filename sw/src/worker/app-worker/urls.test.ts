import { describe, expect, it } from 'vitest';
import { checkScope, checkUrls, matchScope } from './urls.ts';

const origin = 'https://wiki.example';

describe('URLs of a registration', () => {
  it('take the script’s folder for the scope, and lose fragments', () => {
    expect(checkUrls({ scriptUrl: `${origin}/a/sw.js#x` }, origin)).toEqual({
      scriptUrl: `${origin}/a/sw.js`,
      scope: `${origin}/a/`,
    });
  });

  it.each<[string, string, string | undefined]>([
    ['SecurityError', 'https://other.example/sw.js', undefined],
    ['SecurityError', `${origin}/sw.js`, 'https://other.example/'],
    ['SecurityError', 'data:text/javascript,1', undefined],
    ['SecurityError', `${origin}/postern-sw.js`, undefined],
    ['SecurityError', `${origin}/.postern/assets/x.js`, undefined],
    ['SecurityError', `${origin}/sw.js`, `${origin}/.postern/`],
    ['TypeError', `${origin}/a%2Fsw.js`, undefined],
    ['TypeError', `${origin}/sw.js`, `${origin}/a%5cb`],
    ['TypeError', 'sw.js', undefined],
  ])('are refused with a %s: %s for %s', (exception, scriptUrl, scope) => {
    expect(() => checkUrls({ scriptUrl, scope }, origin)).toThrow(
      expect.objectContaining({ code: 'ERR_SW_APP_WORKER', exception }),
    );
  });
});

describe('the widest scope', () => {
  const scriptUrl = `${origin}/a/b/sw.js`;
  it.each<[string, string | null]>([
    ['/a/b/', null],
    ['/a/b/c', null],
    ['/a/', '/a/'],
    ['/', '/'],
    ['/a/', '../'],
  ])('%s is within it, with the field %s', (scope, allowed) => {
    expect(() => checkScope({ scriptUrl, scope: origin + scope }, allowed)).not.toThrow();
  });
  it.each<[string, string | null]>([
    ['/a/', null],
    ['/a/bc/', null],
    ['/', '/a/'],
    ['/', 'https://other.example/'],
    ['/', 'http://['],
  ])('%s is beyond it, with the field %s', (scope, allowed) => {
    expect(() => checkScope({ scriptUrl, scope: origin + scope }, allowed)).toThrow(/max scope/);
  });
});

it('the longest scope has a page', () => {
  const all = ['/', '/a/', '/a/b'].map((path) => ({ scope: origin + path }));
  expect(matchScope(all, `${origin}/a/bc`)?.scope).toBe(`${origin}/a/b`);
  expect(matchScope(all, `${origin}/a/`)?.scope).toBe(`${origin}/a/`);
  expect(matchScope(all, `${origin}/x`)?.scope).toBe(`${origin}/`);
  expect(matchScope(all, 'https://other.example/a/')).toBeUndefined();
});
