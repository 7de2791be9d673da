import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { refuse } from './node.ts';

const refused = (code: string) => {
  const socket = new PassThrough();
  refuse(Object.assign(new Error(code), { code }), socket, { 'x-frame-options': 'DENY' });
  return { text: String(socket.read() ?? ''), destroyed: socket.destroyed };
};

it('answers a malformed request with the security headers', () => {
  const { text } = refused('HPE_INVALID_METHOD');
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain('x-frame-options: DENY');
});

it.each(['ERR_HTTP_REQUEST_TIMEOUT', 'ECONNRESET'])('says nothing unasked: %s', (code) => {
  expect(refused(code)).toEqual({ text: '', destroyed: true });
});
