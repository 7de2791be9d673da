/**
 * A JSON body travels in one message or, above 1 MiB, in several of the same content type with
 * headers 3120 (part number, from 0) and 3121 (part count), one after the other. Messages without a
 * JSON body (Latency and its answer) may come between.
 */
import { concatBytes, decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import { HeaderKey, MessageHeaders } from '../channel/index.ts';
import type { Message, OutgoingMessage } from '../channel/index.ts';
import { controlMessages, controlTypeOf } from './messages.ts';
import type { ControlBody, ControlMessage, ControlType } from './messages.ts';

export const PART_BYTES = 1024 * 1024;
/** Largest body, all parts together. */
export const MAX_CONTROL_BODY_BYTES = 256 * PART_BYTES;

/** Content of the messages that carry one body. Throws `ERR_CONTROL_TOO_LARGE`. */
export function splitControl<K extends ControlType>(
  type: K,
  value: ControlBody<K>,
): Required<Pick<OutgoingMessage, 'contentType' | 'headers' | 'body'>>[] {
  const { contentType } = controlMessages[type];
  const body = encodeUtf8(JSON.stringify(value));
  if (body.length > MAX_CONTROL_BODY_BYTES) throw tooLarge();
  if (body.length <= PART_BYTES) return [{ contentType, headers: new MessageHeaders(), body }];
  const count = Math.ceil(body.length / PART_BYTES);
  return Array.from({ length: count }, (_, number) => ({
    contentType,
    headers: new MessageHeaders()
      .setU32(HeaderKey.partNumber, number)
      .setU32(HeaderKey.partCount, count),
    body: body.subarray(number * PART_BYTES, (number + 1) * PART_BYTES),
  }));
}

export interface ControlAssemblerOptions {
  /** Types the peer may send; any other is refused before it is assembled. */
  readonly accepts: readonly ControlType[];
  /** Largest body accepted. Default and maximum: 256 MiB. */
  readonly maxBodyBytes?: number;
}

interface Assembly {
  readonly type: ControlType;
  readonly count: number;
  readonly parts: Uint8Array[];
  bytes: number;
}

/** Joins parts and validates bodies. */
export class ControlAssembler {
  readonly #accepts: ReadonlySet<ControlType>;
  readonly #maxBodyBytes: number;
  #assembly: Assembly | undefined;

  constructor(options: ControlAssemblerOptions) {
    this.#accepts = new Set(options.accepts);
    this.#maxBodyBytes = Math.min(
      options.maxBodyBytes ?? MAX_CONTROL_BODY_BYTES,
      MAX_CONTROL_BODY_BYTES,
    );
  }

  /**
   * Takes a message of one of the JSON types; answers the whole once its last part came. Throws
   * `ERR_CONTROL_UNEXPECTED`, `ERR_CONTROL_PARTS`, `ERR_CONTROL_TOO_LARGE` or `ERR_CONTROL_BODY`.
   */
  receive(message: Message): ControlMessage | undefined {
    const type = controlTypeOf(message.contentType);
    if (type === undefined || !this.#accepts.has(type)) {
      throw new AppError(
        'ERR_CONTROL_UNEXPECTED',
        `content type ${message.contentType} is not expected here`,
      );
    }
    const body = this.#whole(type, message);
    return body === undefined ? undefined : parseControl(type, body);
  }

  #whole(type: ControlType, message: Message): Uint8Array | undefined {
    const number = message.headers.u32(HeaderKey.partNumber);
    const count = message.headers.u32(HeaderKey.partCount);
    if (number === undefined && count === undefined && this.#assembly === undefined) {
      if (message.body.length > this.#maxBodyBytes) throw tooLarge();
      return message.body;
    }
    const assembly = (this.#assembly ??= { type, count: count ?? 0, parts: [], bytes: 0 });
    const expected = assembly.parts.length;
    if (
      type !== assembly.type ||
      count !== assembly.count ||
      number !== expected ||
      count <= expected
    ) {
      throw new AppError('ERR_CONTROL_PARTS', 'the parts of a body are out of order');
    }
    assembly.bytes += message.body.length;
    if (count > MAX_CONTROL_BODY_BYTES / PART_BYTES || assembly.bytes > this.#maxBodyBytes)
      throw tooLarge();
    assembly.parts.push(message.body);
    if (assembly.parts.length < count) return undefined;
    this.#assembly = undefined;
    return concatBytes(...assembly.parts);
  }
}

/** Parses and validates one whole body. Throws `ERR_CONTROL_BODY`, naming where it is wrong. */
function parseControl(type: ControlType, body: Uint8Array): ControlMessage {
  let json: unknown;
  try {
    json = JSON.parse(decodeUtf8(body));
  } catch (cause) {
    throw new AppError('ERR_CONTROL_BODY', `${type}: not JSON`, { cause });
  }
  const result = controlMessages[type].schema.safeParse(json);
  if (!result.success) {
    const where = result.error.issues[0]?.path.join('.') ?? '';
    throw new AppError('ERR_CONTROL_BODY', `${type}: invalid at "${where}"`, {
      cause: result.error,
    });
  }
  return { type, value: result.data } as ControlMessage;
}

function tooLarge(): AppError {
  return new AppError('ERR_CONTROL_TOO_LARGE', 'the body exceeds the limit');
}
