import { describe, expect, it } from 'vitest';
import { parseDemoOptions } from './options.ts';

describe('parseDemoOptions', () => {
  it('has defaults', () => {
    expect(parseDemoOptions({})).toEqual({
      json: false,
      port: 8080,
      dataDir: undefined,
      apps: [],
      keep: false,
    });
  });

  it('reads everything', () => {
    const app = ['a=http://127.0.0.1:1', 'b-2=http://127.0.0.1:2/'];
    expect(parseDemoOptions({ json: true, port: '0', data: 'd', keep: true, app })).toEqual({
      json: true,
      port: 0,
      dataDir: 'd',
      apps: [
        { name: 'a', target: 'http://127.0.0.1:1' },
        { name: 'b-2', target: 'http://127.0.0.1:2' },
      ],
      keep: true,
    });
  });

  it.each([
    [{ port: '70000' }, '--port'],
    [{ port: 'x' }, '--port'],
    [{ app: ['Wiki=http://127.0.0.1:1'] }, 'NAME'],
    [{ app: ['wiki'] }, 'NAME'],
    [{ app: ['login=http://127.0.0.1:1'] }, 'login'],
    [{ app: ['wiki=ftp://127.0.0.1:1'] }, 'http://127.0.0.1:3000'],
    [{ app: ['wiki=http://127.0.0.1:1/path'] }, 'without a path'],
    [{ app: ['a=http://127.0.0.1:1', 'a=http://127.0.0.1:2'] }, 'differ'],
  ])('refuses %j', (flags, word) => {
    expect(() => parseDemoOptions(flags)).toThrow(
      expect.objectContaining({ code: 'ERR_DEMO_OPTIONS', message: expect.stringContaining(word) }),
    );
  });
});
