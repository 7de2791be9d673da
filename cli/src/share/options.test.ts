import { isAppError } from '@postern/shared/errors';
import { describe, expect, it } from 'vitest';
import { parseExposeOptions, type ExposeFlags } from './options.ts';

const parse = (target: string, flags: Partial<ExposeFlags> = {}) =>
  parseExposeOptions(target, {
    allow: ['ann'],
    expires: '8h',
    forwardHost: 'application',
    ...flags,
  });
const refusal = (target: string, flags: Partial<ExposeFlags> = {}) => {
  try {
    parse(target, flags);
  } catch (error) {
    if (isAppError(error, 'ERR_CLI_USAGE')) return error.message;
    throw error;
  }
  return undefined;
};

describe('parseExposeOptions', () => {
  it.each([
    ['3000', 'http://localhost:3000'],
    ['127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://[::1]:5173/', 'http://[::1]:5173'],
    ['https://app.internal', 'https://app.internal'],
    ['unix:/run/app.sock', 'unix:/run/app.sock'],
  ])('takes %s', (target, expected) => {
    expect(parse(target).target).toBe(expected);
  });

  it.each(['http://a/path', 'a/b', '0', '99999', 'http://u:p@a', 'ftp://a', '', 'a?b', 'http://'])(
    'refuses %j',
    (target) => {
      expect(refusal(target)).toContain('is no web app');
    },
  );

  it('opens nothing to anybody unless told to whom', () => {
    expect(refusal('3000', { allow: [] })).toContain('--allow');
    expect(refusal('3000', { allowEveryone: true })).toContain('exclude each other');
    expect(parse('3000', { allow: [], allowEveryone: true }).allow).toEqual(['#all']);
    expect(parse('3000', { allow: ['#staff'] }).allow).toEqual(['#staff']);
  });

  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['12h', 43_200_000],
  ])('lasts %s', (expires, lifetimeMs) => {
    expect(parse('3000', { expires }).lifetimeMs).toBe(lifetimeMs);
  });

  it.each(['13h', '0m', '2', 'h', '-1h', '1d', '1.5h'])('refuses to last %j', (expires) => {
    expect(refusal('3000', { expires })).toContain('--expires takes');
  });

  it('takes DNS labels as names, and makes one itself', () => {
    expect(parse('3000', { name: 'demo-1' }).name).toBe('demo-1');
    expect(parse('3000').name).toMatch(/^[a-z0-9]{9}$/);
    expect(parse('3000').name).not.toBe(parse('3000').name);
    for (const name of ['Demo', 'a.b', '-a', 'a-', 'a'.repeat(64), '*', '']) {
      expect(refusal('3000', { name }), name).toContain('DNS label');
    }
  });
});
