/**
 * SOCKS 5 (RFC 1928), CONNECT without authentication:
 *
 *     client   05 ‖ n ‖ n methods                        §3
 *     proxy    05 ‖ 00, or ff when none of them will do
 *     client   05 ‖ command ‖ 00 ‖ address ‖ port        §4, §5
 *     proxy    05 ‖ reply ‖ 00 ‖ 01 ‖ 0.0.0.0 ‖ 0        §6
 */
import type { Socket } from 'node:net';
import { AppError } from '@postern/shared/errors';
import type { ProxyRequest } from './name-proxy.ts';
import type { SocketReader } from './socket-reader.ts';

export const SOCKS_VERSION = 5;
const NO_AUTHENTICATION = 0;
const NONE_ACCEPTABLE = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const DOMAIN = 3;
const IPV6 = 4;

const Reply = {
  succeeded: 0,
  failure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  commandUnsupported: 7,
  addressUnsupported: 8,
} as const;

const REPLIES: Readonly<Record<string, number>> = {
  ERR_PROXY_NAME: Reply.hostUnreachable,
  ERR_ACCESS_NO_POLICY: Reply.notAllowed,
  ERR_ACCESS_REMOVED: Reply.notAllowed,
  ERR_POSTURE_FAILED: Reply.notAllowed,
  ERR_NO_ROUTER: Reply.networkUnreachable,
  ERR_NO_PATH: Reply.networkUnreachable,
  ERR_SERVICE_NOT_HOSTED: Reply.hostUnreachable,
};

/** The request of a client, from its beginning. @throws AppError `ERR_PROXY_REQUEST` */
export async function readSocksRequest(
  socket: Socket,
  reader: SocketReader,
): Promise<ProxyRequest> {
  const [, count = 0] = await reader.exactly(2);
  const methods = count === 0 ? Buffer.alloc(0) : await reader.exactly(count);
  if (!methods.includes(NO_AUTHENTICATION)) {
    socket.end(Uint8Array.of(SOCKS_VERSION, NONE_ACCEPTABLE));
    throw new AppError('ERR_PROXY_REQUEST', 'the client insists on authentication');
  }
  socket.write(Uint8Array.of(SOCKS_VERSION, NO_AUTHENTICATION));
  const [version, command, , type] = await reader.exactly(4);
  const refuse = (reply: number, why: string): AppError => {
    socket.end(encodeReply(reply));
    return new AppError('ERR_PROXY_REQUEST', why);
  };
  if (version !== SOCKS_VERSION) throw refuse(Reply.failure, 'another version of SOCKS');
  if (command !== CONNECT) throw refuse(Reply.commandUnsupported, 'only CONNECT is served');
  const host = await readAddress(reader, type);
  if (host === undefined) throw refuse(Reply.addressUnsupported, 'unknown type of address');
  const port = (await reader.exactly(2)).readUInt16BE();
  return {
    host,
    port,
    accept: () => void socket.write(encodeReply(Reply.succeeded)),
    refuse: (code) => void socket.end(encodeReply(REPLIES[code] ?? Reply.failure)),
  };
}

async function readAddress(
  reader: SocketReader,
  type: number | undefined,
): Promise<string | undefined> {
  if (type === IPV4) return [...(await reader.exactly(4))].join('.');
  if (type === IPV6) {
    const bytes = await reader.exactly(16);
    return Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16)).join(':');
  }
  if (type !== DOMAIN) return undefined;
  const [length = 0] = await reader.exactly(1);
  return length === 0 ? '' : (await reader.exactly(length)).toString('latin1');
}

function encodeReply(reply: number): Uint8Array {
  return Uint8Array.of(SOCKS_VERSION, reply, 0, IPV4, 0, 0, 0, 0, 0, 0);
}
