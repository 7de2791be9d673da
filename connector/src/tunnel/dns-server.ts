/**
 * A DNS server (RFC 1035) for names of services: A records of loopback addresses. It knows nothing else, asks
 * nobody, and says so: NXDOMAIN below its own domains, REFUSED for the rest, so that resolvers ask others.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { decode, encode, AUTHORITATIVE_ANSWER, type DecodedPacket, type Packet } from 'dns-packet';
import type { LocalListener } from './local-listener.ts';
import type { LoopbackNames } from './loopback-names.ts';
import type { ServiceNames } from './service-names.ts';

/** Longer queries are dropped: names have at most 255 bytes (RFC 1035 §2.3.4). */
const MAX_QUERY_BYTES = 1232;
/** Queries worked on at once; more are dropped, and asked again by who wants them. */
const MAX_PENDING = 256;
const TTL_SECONDS = 30;
/** RFC 1035 §4.1.1: in the low four bits of the flags. */
const Rcode = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5 } as const;

export interface DnsServerOptions {
  addresses: Pick<LoopbackNames, 'addressOf'>;
  names: Pick<ServiceNames, 'isOwnDomain'>;
  /** Default 127.0.0.1. */
  host?: string;
  /** 0: any that is free. */
  port: number;
  logger: Logger;
}

/** Listens for UDP. @throws AppError `ERR_LISTEN` */
export async function startDnsServer(options: DnsServerOptions): Promise<LocalListener> {
  const { host = '127.0.0.1', port } = options;
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const listening = once(socket, 'listening');
  socket.bind(port, host);
  try {
    await listening;
  } catch (cause) {
    const { code = 'failed' } = cause as NodeJS.ErrnoException;
    throw new AppError('ERR_LISTEN', `cannot listen on ${host}:${port}: ${code}`, { cause });
  }
  serve(socket, options);
  let closing: Promise<void> | undefined;
  return {
    host,
    port: socket.address().port,
    close: () => (closing ??= new Promise((resolve) => socket.close(() => resolve()))),
  };
}

function serve(socket: Socket, options: DnsServerOptions): void {
  let pending = 0;
  socket.on('error', (error) => options.logger.warn('dns.failed', { error }));
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    if (query.length > MAX_QUERY_BYTES || pending >= MAX_PENDING) return;
    pending += 1;
    answer(query, options)
      .then((reply) => {
        // Who asked may be gone, and so may this socket.
        if (reply) socket.send(reply, from.port, from.address, () => undefined);
      })
      .catch((error: unknown) => options.logger.warn('dns.failed', { error }))
      .finally(() => (pending -= 1));
  });
}

/** `undefined` for what is no query at all: answering answers would make loops. */
async function answer(bytes: Buffer, options: DnsServerOptions): Promise<Buffer | undefined> {
  let query: DecodedPacket;
  try {
    query = decode(bytes);
  } catch {
    return undefined;
  }
  if (query.type !== 'query') return undefined;
  const [question] = query.questions ?? [];
  const reply = (rcode: number, answers: Packet['answers'] = []): Buffer =>
    encode({
      type: 'response',
      ...(query.id !== undefined && { id: query.id }),
      flags: AUTHORITATIVE_ANSWER | ((query.flags ?? 0) & RECURSION_DESIRED) | rcode,
      questions: question === undefined ? [] : [question],
      answers,
    });
  if (((query.flags ?? 0) & OPCODE) !== 0) return reply(Rcode.notImp);
  if (question === undefined || query.questions?.length !== 1) return reply(Rcode.formErr);
  const { name, type } = question;
  try {
    const data = await options.addresses.addressOf(name);
    if (data === undefined)
      return reply(options.names.isOwnDomain(name) ? Rcode.nxDomain : Rcode.refused);
    // The name exists; of other types there is nothing (RFC 2308 §2.2).
    const isAsked = type === 'A' || (type as string) === 'ANY';
    return reply(Rcode.noError, isAsked ? [{ name, type: 'A', ttl: TTL_SECONDS, data }] : []);
  } catch (error) {
    options.logger.warn('dns.failed', { error });
    return reply(Rcode.servFail);
  }
}

const RECURSION_DESIRED = 0x0100;
const OPCODE = 0x7800;
