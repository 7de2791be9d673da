/** A browser's side of streams, for tests of the connector. */
import {
  decodeClose,
  decodeResponseHead,
  encodeClose,
  encodeMessage,
  encodeRequestHead,
  FragmentDecoder,
  isInformational,
  type Field,
  type FragmentKind,
  type ResponseHead,
} from '@postern/shared/protocol/http';
import type { SecureSession, SessionStream } from '@postern/shared/protocol/session';

export interface RequestOptions {
  method?: string;
  fields?: Field[];
  body?: Uint8Array | AsyncIterable<Uint8Array>;
}

export interface Answer {
  stream: SessionStream;
  informational: ResponseHead[];
  status: number;
  fields: readonly Field[];
  field(name: string): string | undefined;
  bytes(): Promise<Buffer>;
  text(): Promise<string>;
}

/** Sends a request and waits for its final head. */
export async function request(
  session: SecureSession,
  target: string,
  { method = 'GET', fields = [], body }: RequestOptions = {},
): Promise<Answer> {
  const stream = session.openStream(
    'http',
    encodeRequestHead({ method, target, fields, webSocket: false }),
  );
  // An early answer may make sending fail; the answer says more than that failure.
  send(stream, body).catch(() => undefined);
  return answerOf(stream);
}

async function send(stream: SessionStream, body: RequestOptions['body']): Promise<void> {
  if (body instanceof Uint8Array) await stream.write(body);
  else if (body !== undefined) for await (const chunk of body) await stream.write(chunk);
  await stream.end();
}

export async function answerOf(stream: SessionStream): Promise<Answer> {
  const informational: ResponseHead[] = [];
  let head = decodeResponseHead(await stream.nextHead());
  while (isInformational(head.status)) {
    informational.push(head);
    head = decodeResponseHead(await stream.nextHead());
  }
  const bytes = async () => {
    const chunks: Uint8Array[] = [];
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  return {
    stream,
    informational,
    ...head,
    field: (name) => head.fields.find(([known]) => known === name)?.[1],
    bytes,
    text: async () => (await bytes()).toString(),
  };
}

export interface SocketMessage {
  kind: FragmentKind;
  payload: Buffer;
}

/** A WebSocket over a stream whose 101 head has been read. */
export class TestSocket {
  readonly stream: SessionStream;
  readonly #decoder = new FragmentDecoder();
  readonly #ready: SocketMessage[] = [];
  #partial: Uint8Array[] = [];

  constructor(stream: SessionStream) {
    this.stream = stream;
  }

  async send(kind: FragmentKind, payload: Uint8Array): Promise<void> {
    for (const part of encodeMessage(kind, payload)) await this.stream.write(part);
  }

  async close(code: number, reason: string): Promise<void> {
    await this.send('close', encodeClose(code, reason));
    await this.stream.end();
  }

  /** The next whole message; `undefined` at the end of the stream. */
  async next(): Promise<SocketMessage | undefined> {
    while (this.#ready.length === 0) {
      const chunk = await this.stream.read();
      if (chunk === undefined) return undefined;
      for (const { kind, last, payload } of this.#decoder.push(chunk)) {
        this.#partial.push(payload.slice());
        if (!last) continue;
        this.#ready.push({ kind, payload: Buffer.concat(this.#partial) });
        this.#partial = [];
      }
    }
    return this.#ready.shift();
  }

  async nextClose(): Promise<{ code: number | undefined; reason: string }> {
    for (let message = await this.next(); message; message = await this.next()) {
      if (message.kind === 'close') return decodeClose(message.payload);
    }
    throw new Error('the stream ended without a close');
  }
}

/** Asks for an upgrade. A refusal comes back as an ordinary answer. */
export async function openWebSocket(
  session: SecureSession,
  target: string,
  fields: Field[] = [],
): Promise<{ answer: Answer; socket: TestSocket }> {
  const stream = session.openStream(
    'http',
    encodeRequestHead({ method: 'GET', target, fields, webSocket: true }),
  );
  return { answer: await answerOf(stream), socket: new TestSocket(stream) };
}
