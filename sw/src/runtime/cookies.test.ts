import { describe, expect, it, vi } from 'vitest';
import type { VisibleCookie } from '@postern/shared/cookies';
import type { PageMessage, WorkerMessage } from '../messages/page.ts';
import { applyAssignment, createCookieView } from './cookies.ts';

const plain = { secure: false, sameSite: 'lax', partitioned: false, expiresAtMs: null } as const;
const a: VisibleCookie = { name: 'a', value: '1', path: '/dir', ...plain };

const at = (pathname: string) => ({ hostname: 'wiki.example', protocol: 'https:', pathname });

describe('applyAssignment', () => {
  it.each([
    ['b=2', [a, { name: 'b', value: '2', path: '/dir', ...plain }]],
    [' b = 2 ; Path=/', [a, { name: 'b', value: '2', path: '/', ...plain }]],
    ['a=2; path=/dir', [{ ...a, value: '2' }]],
    ['a=2; path=relative', [{ ...a, value: '2' }]],
    ['v', [a, { name: '', value: 'v', path: '/dir', ...plain }]],
    ['a=; max-age=0', []],
    ['a=; expires=Thu, 01 Jan 1970 00:00:00 GMT', []],
    [
      'a=2; max-age=5; expires=Thu, 01 Jan 1970 00:00:00 GMT',
      [{ ...a, value: '2', expiresAtMs: expect.any(Number) as number }],
    ],
    ['a=2; HttpOnly', [a]],
    ['b=1; Domain=example.com', [a]],
    ['__Secure-b=1', [a]],
    ['__Http-b=1; Secure', [a]],
    ['b=1; SameSite=None', [a]],
    ['b=é', [a, { name: 'b', value: 'é', path: '/dir', ...plain }]],
    ['', [a]],
    ['=', [a]],
  ])('%j', (assignment, expected) => {
    expect(applyAssignment([a], assignment, at('/dir/page'))).toEqual(expected);
  });
});

describe('createCookieView', () => {
  const createWorld = (path: string) => {
    const sent: PageMessage[] = [];
    let deliver: (message: WorkerMessage) => void = () => undefined;
    const link = {
      send: (message: PageMessage) => sent.push(message) > 0,
      listen: vi.fn((handler: (message: WorkerMessage) => void) => (deliver = handler)),
    };
    const initial = [a, { name: 'root', value: 'r', path: '/', ...plain }];
    const view = createCookieView(initial, link, at(path));
    return { view, sent, deliver: (message: WorkerMessage) => deliver(message) };
  };

  it.each([
    ['/dir/page', 'a=1; root=r'],
    ['/dir', 'a=1; root=r'],
    ['/directory', 'root=r'],
  ])('shows at %s what matches', (path, expected) => {
    expect(createWorld(path).view.read()).toBe(expected);
  });

  it('shows a write at once and sends it on', () => {
    const { view, sent } = createWorld('/dir/page');
    view.write('a=2');
    expect(view.read()).toBe('a=2; root=r');
    expect(sent).toEqual([{ type: 'postern.cookie', number: 1, value: 'a=2' }]);
  });

  it('takes over what the jar says, and says so', () => {
    const { view, sent, deliver } = createWorld('/dir/page');
    deliver({ type: 'postern.pong', instance: 'x' });
    deliver({
      type: 'postern.cookies',
      version: 7,
      written: 0,
      cookies: [{ name: 'n', value: 'v', path: '/', ...plain }],
    });
    expect(view.read()).toBe('n=v');
    expect(sent).toEqual([{ type: 'postern.cookies-seen', version: 7 }]);
  });

  it('keeps showing writes that the answer to earlier ones does not include', () => {
    const { view, deliver } = createWorld('/dir/page');
    const answer = (written: number, cookies: VisibleCookie[]) =>
      deliver({ type: 'postern.cookies', version: written, written, cookies });
    view.write('a=2');
    view.write('a=3');
    view.write('b=1; HttpOnly');
    answer(1, [{ ...a, value: '2' }]);
    expect(view.read()).toBe('a=3');
    answer(2, [{ ...a, value: '3' }]);
    expect(view.read()).toBe('a=3');
    // What the jar refused is gone for good.
    answer(3, []);
    expect(view.read()).toBe('');
  });
});
