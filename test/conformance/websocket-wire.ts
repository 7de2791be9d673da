/** A router's WebSocket listener by hand: frames byte by byte, one a message (docs/protocol.md, "Connecting"). */
import { createHash } from 'node:crypto';
import { WebSocket } from 'ws';
import type { AppKey } from '../harness/router-peers.ts';
import { frame, parse, text, u16, u64, type Headers, type WireMessage } from './sdk-wire.ts';
import { WireInbox } from './wire-inbox.ts';

const CHALLENGE = 61100;

/** What a Hello says, and what of it a test makes wrong. */
export interface HelloParts {
  token: string;
  key: AppKey;
  timeMs?: number;
  /** Signed instead of the challenge's. */
  nonce?: Buffer;
  routerId?: string;
  proof?: Buffer;
  point?: Uint8Array;
}

export class SocketClient extends WireInbox {
  readonly socket: WebSocket;
  /** Resolves with the close code when the connection is gone. */
  readonly closed: Promise<number>;
  #next = 1;

  constructor(url: string) {
    super();
    this.socket = new WebSocket(url, 'postern.edge.v1', { origin: 'http://app.localhost:1' });
    this.socket.on('error', () => undefined);
    this.socket.on('message', (bytes: Buffer) => {
      const found = parse(bytes);
      if (found?.length !== bytes.length) throw new Error('a message that is not one frame');
      this.messages.push(found.message);
      this.notify();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.isClosed = true;
        this.notify();
        resolve(code);
      });
    });
  }

  challenge(): Promise<WireMessage> {
    return this.next(({ type }) => type === CHALLENGE);
  }

  /** The headers of a Hello that answers the challenge. */
  async helloHeaders(
    challenge: WireMessage,
    { token, key, timeMs = Date.now(), nonce, routerId, proof, point }: HelloParts,
  ): Promise<Headers> {
    const id = routerId ?? String(challenge.headers[8]);
    const signed = Buffer.concat([
      text('postern-edge-hello-v1\0'),
      nonce ?? challenge.body,
      u16(id.length),
      text(id),
      u64(BigInt(timeMs)),
      createHash('sha256').update(token).digest(),
    ]);
    return {
      1002: text(token),
      3111: u64(BigInt(timeMs)),
      3112: Buffer.from(point ?? key.publicPoint),
      3110: proof ?? Buffer.from(await key.sign(signed)),
    };
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

  write(bytes: Buffer | string): void {
    this.socket.send(bytes);
  }

  close(): void {
    this.socket.terminate();
  }
}
