/**
 * Field lists: `u16 count | (u16 length | name | u16 length | value)*`. Names are lower-case tokens,
 * values hold no control characters but tab (RFC 9110 §5.1, §5.5), and nothing that steers one hop
 * of HTTP/1.1 appears.
 */
import { ByteReader, ByteWriter } from '../../bytes/index.ts';
import { decodeLatin1, encodeLatin1 } from './latin1.ts';
import { MAX_FIELDS, MAX_FIELDS_BYTES, httpError, tooLarge } from './limits.ts';

/** Name and value, in order; a name may repeat. */
export type Field = readonly [name: string, value: string];

const forbidden = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'host',
  'te',
  'expect',
]);

/** True for fields that never appear in a stream: hop-by-hop ones, `host` and `proxy-*`. */
export function isForbiddenField(name: string): boolean {
  return forbidden.has(name) || name.startsWith('proxy-');
}

/** A lower-case token: RFC 9110 §5.6.2. */
export function isFieldName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name);
}

/** No control characters but tab, no white space at either end: RFC 9110 §5.5. */
export function isFieldValue(value: string): boolean {
  return !/[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]|^[ \t]|[ \t]$/.test(value);
}

/** Trailers and other lists that stand alone; throws `ERR_HTTP_INVALID` or `ERR_HTTP_TOO_LARGE`. */
export function encodeFields(fields: readonly Field[]): Uint8Array {
  const writer = new ByteWriter(fieldsLength(fields));
  writeFields(writer, fields);
  return writer.finish();
}

/** The reverse of {@link encodeFields}; also throws `ERR_BYTES_…`. An empty input is an empty list. */
export function decodeFields(bytes: Uint8Array): Field[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  const fields = readFields(reader);
  reader.end();
  return fields;
}

/** Encoded length, after checking the limits. */
export function fieldsLength(fields: readonly Field[]): number {
  if (fields.length > MAX_FIELDS) throw tooLarge('number of fields');
  let bytes = 0;
  for (const [name, value] of fields) bytes += name.length + value.length;
  if (bytes > MAX_FIELDS_BYTES) throw tooLarge('fields');
  return 2 + 4 * fields.length + bytes;
}

export function writeFields(writer: ByteWriter, fields: readonly Field[]): void {
  writer.u16(fields.length);
  for (const field of fields) {
    checkField(field);
    const [name, value] = field;
    writer.u16(name.length).bytes(encodeLatin1(name));
    writer.u16(value.length).bytes(encodeLatin1(value));
  }
}

export function readFields(reader: ByteReader): Field[] {
  const count = reader.u16();
  if (count > MAX_FIELDS) throw tooLarge('number of fields');
  const fields: Field[] = [];
  let bytes = 0;
  for (let i = 0; i < count; i += 1) {
    const name = reader.bytes(reader.u16());
    const value = reader.bytes(reader.u16());
    bytes += name.length + value.length;
    if (bytes > MAX_FIELDS_BYTES) throw tooLarge('fields');
    const field: Field = [decodeLatin1(name), decodeLatin1(value)];
    checkField(field);
    fields.push(field);
  }
  return fields;
}

function checkField([name, value]: Field): void {
  if (!isFieldName(name)) throw httpError('a field name is not a lower-case token');
  if (isForbiddenField(name)) throw httpError('a field that must not appear');
  if (!isFieldValue(value)) throw httpError('a field value has a forbidden character');
}
