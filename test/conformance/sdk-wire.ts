/**
 * The edge protocol of OpenZiti by hand: frames as `specs/edge-protocol.md` lays them out, byte by byte,
 * and none of our own codecs, which are what is tested.
 */
import { connect, type TLSSocket } from 'node:tls';
import { WireInbox } from './wire-inbox.ts';

export type Headers = Readonly<Record<number, Buffer>>;

export interface WireMessage {
  readonly type: number;
  readonly sequence: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
export const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};
export const text = (value: string): Buffer => Buffer.from(value, 'utf8');
export const yes = Buffer.from([1]);
export const no = Buffer.from([0]);

/** §2: magic, type, sequence, lengths; then headers in the order given, then the body. */
export function frame(
  type: number,
  sequence: number,
  headers: Headers | readonly (readonly [number, Buffer])[] = {},
  body: Buffer | string = '',
): Buffer {
  const list: readonly (readonly [number, Buffer])[] = Array.isArray(headers)
    ? headers
    : Object.entries(headers).map(([key, value]) => [Number(key), value as Buffer] as const);
  const encoded = Buffer.concat(
    list.map(([key, value]) => Buffer.concat([u32(key), u32(value.length), value])),
  );
  const bytes = Buffer.from(body as string);
  return Buffer.concat([
    Buffer.from('0306090c', 'hex'),
    u32(type),
    u32(sequence),
    u32(encoded.length),
    u32(bytes.length),
    encoded,
    bytes,
  ]);
}

/** The first frame of `bytes`, and how long it is; `undefined` while it is not whole. */
export function parse(bytes: Buffer): { message: WireMessage; length: number } | undefined {
  if (bytes.length < 20) return undefined;
  if (bytes.toString('hex', 0, 4) !== '0306090c') throw new Error('wrong magic');
  const headersEnd = 20 + bytes.readUInt32LE(12);
  const length = headersEnd + bytes.readUInt32LE(16);
  if (bytes.length < length) return undefined;
  const headers: Record<number, Buffer> = {};
  for (let at = 20; at < headersEnd;) {
    const size = bytes.readUInt32LE(at + 4);
    headers[bytes.readInt32LE(at)] = Buffer.from(bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  const body = Buffer.from(bytes.subarray(headersEnd, length));
  return {
    message: { type: bytes.readInt32LE(4), sequence: bytes.readInt32LE(8), headers, body },
    length,
  };
}

interface WireOptions {
  host?: string;
  port: number;
  ca: string;
  cert?: string;
  key?: string;
  /** None, as Go does, if absent. */
  alpn?: string[];
}

/** One TLS connection that writes what it is told and keeps what comes. */
export class WireClient extends WireInbox {
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly socket: TLSSocket;
  #pending: Buffer = Buffer.alloc(0);
  #next = 1;

  constructor({ host = '127.0.0.1', alpn, ...options }: WireOptions) {
    super();
    this.socket = connect({
      host,
      ...options,
      ...(alpn && { ALPNProtocols: alpn }),
      checkServerIdentity: () => undefined,
    });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk: Buffer) => {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      for (let found = parse(this.#pending); found; found = parse(this.#pending)) {
        this.#pending = this.#pending.subarray(found.length);
        this.messages.push(found.message);
      }
      this.notify();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.isClosed = true;
        this.notify();
        resolve();
      });
    });
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Sends one message; answers its sequence. */
  send(
    type: number,
    headers: Headers | readonly (readonly [number, Buffer])[] = {},
    body: Buffer | string = '',
  ): number {
    const sequence = this.#next++;
    this.write(frame(type, sequence, headers, body));
    return sequence;
  }

  close(): void {
    this.socket.destroy();
  }
}
