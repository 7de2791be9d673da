/**
 * Checks the audit log's chain in the browser (docs/audit.md, "Why it can be trusted"): each record has the SHA-256 of
 * its members in canonical JSON (RFC 8785), among them the hash of the record before.
 */
import type { components } from '../api/management.gen.ts';

export type AuditRecord = components['schemas']['AuditDetail'];

/** `previousHash` of record 1. */
const GENESIS_HASH = '0'.repeat(64);
/** Everything that is hashed: all members but `id`, `hash` and the links of the answer. */
const HASHED = [
  'seq',
  'createdAt',
  'actorKind',
  'actorId',
  'sessionId',
  'address',
  'action',
  'outcome',
  'reason',
  'entityKind',
  'entityId',
  'details',
  'previousHash',
] as const;

export type ChainVerdict =
  | { readonly ok: true; readonly count: number; readonly hash: string }
  | {
      readonly ok: false;
      readonly seq: number;
      readonly reason: 'altered' | 'missing' | 'chain';
    };

/** Members in the order of their names' UTF-16 code units, no blanks (RFC 8785 §3.2). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/** Stops at the first record that does not fit. `onProgress` hears how many did so far. */
export async function checkChain(
  records: AsyncIterable<AuditRecord>,
  onProgress: (count: number) => void = () => undefined,
): Promise<ChainVerdict> {
  let count = 0;
  let hash = GENESIS_HASH;
  for await (const record of records) {
    const { seq } = record;
    if (seq !== count + 1) return { ok: false, seq, reason: 'missing' };
    if (record.previousHash !== hash) return { ok: false, seq, reason: 'chain' };
    if ((await hashOf(record)) !== record.hash) return { ok: false, seq, reason: 'altered' };
    hash = record.hash;
    count += 1;
    if (count % 500 === 0) onProgress(count);
  }
  return { ok: true, count, hash };
}

async function hashOf(record: AuditRecord): Promise<string> {
  const hashed = Object.fromEntries(HASHED.map((name) => [name, record[name]]));
  const bytes = new TextEncoder().encode(canonicalJson(hashed));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Longest record taken, in characters. */
const MAX_LINE = 4 * 1024 * 1024;

/** The records of an export: JSON lines. */
export async function* readExport(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<AuditRecord> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw new RangeError('a record of the export is too long');
    for (const line of lines) if (line !== '') yield JSON.parse(line) as AuditRecord;
  }
  if (rest !== '') yield JSON.parse(rest) as AuditRecord;
}
