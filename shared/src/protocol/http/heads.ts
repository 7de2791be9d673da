/**
 * Heads of `http` streams (docs/protocol.md, "HTTP in a stream"):
 *
 *     request   u8 flags (1 = WebSocket) | u8 length | method | u16 length | target | field list
 *     response  u16 status | field list
 */
import { ByteReader, ByteWriter } from '../../bytes/index.ts';
import { fieldsLength, readFields, writeFields, type Field } from './fields.ts';
import { decodeLatin1, encodeLatin1 } from './latin1.ts';
import { MAX_METHOD_BYTES, MAX_TARGET_BYTES, httpError, tooLarge } from './limits.ts';

const FLAG_WEBSOCKET = 1;
/**
 * The Fetch standard's forbidden methods (§2.2.1). CONNECT asks for a tunnel, which `tcp` streams are
 * for; servers answer TRACE with the request itself, and so would show a page its HttpOnly cookies.
 */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

export interface RequestHead {
  readonly method: string;
  /** Origin form: path and query, percent-encoded (RFC 9112 §3.2.1). */
  readonly target: string;
  readonly fields: readonly Field[];
  /** Asks for an upgrade to WebSocket. */
  readonly webSocket: boolean;
}

export interface ResponseHead {
  /** 100 to 599. */
  readonly status: number;
  readonly fields: readonly Field[];
}

/** Throws `ERR_HTTP_INVALID` or `ERR_HTTP_TOO_LARGE`. */
export function encodeRequestHead(head: RequestHead): Uint8Array {
  checkRequest(head);
  const { method, target, fields } = head;
  const writer = new ByteWriter(4 + method.length + target.length + fieldsLength(fields));
  writer.u8(head.webSocket ? FLAG_WEBSOCKET : 0);
  writer.u8(method.length).bytes(encodeLatin1(method));
  writer.u16(target.length).bytes(encodeLatin1(target));
  writeFields(writer, fields);
  return writer.finish();
}

/** Throws `ERR_HTTP_INVALID`, `ERR_HTTP_TOO_LARGE` or `ERR_BYTES_…`. */
export function decodeRequestHead(bytes: Uint8Array): RequestHead {
  const reader = new ByteReader(bytes);
  const flags = reader.u8();
  if (flags > FLAG_WEBSOCKET) throw httpError('unknown flags in a request head');
  const method = decodeLatin1(reader.bytes(reader.u8()));
  const target = decodeLatin1(reader.bytes(reader.u16()));
  const fields = readFields(reader);
  reader.end();
  const head = { method, target, fields, webSocket: flags === FLAG_WEBSOCKET };
  checkRequest(head);
  return head;
}

/** Throws like {@link encodeRequestHead}. */
export function encodeResponseHead({ status, fields }: ResponseHead): Uint8Array {
  checkStatus(status);
  const writer = new ByteWriter(2 + fieldsLength(fields));
  writer.u16(status);
  writeFields(writer, fields);
  return writer.finish();
}

/** Throws like {@link decodeRequestHead}. */
export function decodeResponseHead(bytes: Uint8Array): ResponseHead {
  const reader = new ByteReader(bytes);
  const status = reader.u16();
  checkStatus(status);
  const fields = readFields(reader);
  reader.end();
  return { status, fields };
}

/** 1xx heads other than 101 precede the final one. */
export function isInformational(status: number): boolean {
  return status < 200 && status !== 101;
}

function checkRequest({ method, target, webSocket }: RequestHead): void {
  if (method.length > MAX_METHOD_BYTES) throw tooLarge('method');
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw httpError('the method is not a token');
  if (FORBIDDEN_METHODS.has(method.toUpperCase())) throw httpError('the method is not allowed');
  if (webSocket && method !== 'GET') throw httpError('a WebSocket opens with GET');
  if (target.length > MAX_TARGET_BYTES) throw tooLarge('target');
  // Visible ASCII without `#` and `\`; anything else must be percent-encoded.
  if (!/^\/[!"$-[\]-~]*$/.test(target)) throw httpError('the target is not in origin form');
}

function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw httpError('impossible status');
  }
}
