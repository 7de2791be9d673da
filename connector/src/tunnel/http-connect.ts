/** HTTP CONNECT (RFC 9110 §9.3.6): `CONNECT host:port HTTP/1.1`, fields that are not looked at, an empty line. */
import type { Socket } from 'node:net';
import { AppError } from '@postern/shared/errors';
import type { ProxyRequest } from './name-proxy.ts';
import type { SocketReader } from './socket-reader.ts';

const MAX_HEAD_BYTES = 16 * 1024;

const STATUS: Readonly<Record<string, string>> = {
  ERR_PROXY_NAME: '404 Not Found',
  ERR_ACCESS_NO_POLICY: '403 Forbidden',
  ERR_ACCESS_REMOVED: '403 Forbidden',
  ERR_POSTURE_FAILED: '403 Forbidden',
};

/** The request of a client, from its beginning. @throws AppError `ERR_PROXY_REQUEST` */
export async function readConnectRequest(
  socket: Socket,
  reader: SocketReader,
): Promise<ProxyRequest> {
  const head = (await reader.through('\r\n\r\n', MAX_HEAD_BYTES)).toString('latin1');
  const [, method, bracketed, plain, port] =
    /^([A-Z]+) (?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5}) HTTP\/1\.[01]\r\n/.exec(head) ?? [];
  const host = bracketed ?? plain;
  if (method !== 'CONNECT' || host === undefined || Number(port) > 65_535) {
    answer(socket, '405 Method Not Allowed', 'allow: CONNECT\r\n');
    throw new AppError('ERR_PROXY_REQUEST', 'neither SOCKS 5 nor a CONNECT request');
  }
  return {
    host,
    port: Number(port),
    accept: () => void socket.write('HTTP/1.1 200 OK\r\n\r\n'),
    refuse: (code) =>
      answer(socket, STATUS[code] ?? '502 Bad Gateway', `postern-error: ${code}\r\n`),
  };
}

function answer(socket: Socket, status: string, fields: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n${fields}\r\n`);
}
