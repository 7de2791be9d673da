/** Appends records to the chain inside the transaction of what they record. */
import type { Transaction } from 'kysely';
import { encodeRow, type RawRowOf } from '../model/table.ts';
import type { Database } from '../store/tables.ts';
import { currentActor } from './actor.ts';
import { auditRecords, type AuditEntry, type AuditRecord } from './audit-table.ts';
import { GENESIS_HASH, hashRecord } from './hash-record.ts';

/** Longer texts of an entry are cut: a record stays small whatever a caller sends. */
const MAX_TEXT_CHARS = 512;

/**
 * Writes `entries` after the last record. The caller holds the store's write lock, so that nobody
 * else, in this process or another controller, appends at the same time.
 */
export async function appendToChain(
  trx: Transaction<Database>,
  entries: readonly AuditEntry[],
  nowMs: number,
): Promise<AuditRecord[]> {
  const last = await trx
    .selectFrom('auditRecords')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  let seq = last?.seq ?? 0;
  let previousHash = last?.hash ?? GENESIS_HASH;
  const records = entries.map((entry) => {
    const record = toRecord(entry, ++seq, previousHash, nowMs);
    previousHash = record.hash;
    return record;
  });
  for (const record of records) {
    const row = encodeRow(auditRecords, record) as RawRowOf<typeof auditRecords>;
    await trx.insertInto('auditRecords').values(row).execute();
  }
  return records;
}

function toRecord(
  entry: AuditEntry,
  seq: number,
  previousHash: string,
  nowMs: number,
): AuditRecord {
  const actor = entry.actor ?? currentActor();
  const unhashed = {
    seq,
    createdAt: new Date(nowMs).toISOString(),
    actorKind: actor.kind,
    actorId: cut(actor.id),
    sessionId: cut(actor.sessionId),
    address: cut(actor.address),
    action: cut(entry.action),
    outcome: entry.outcome ?? 'success',
    reason: cut(entry.reason ?? ''),
    entityKind: cut(entry.entityKind ?? ''),
    entityId: cut(entry.entityId ?? ''),
    // Through JSON, so that the hash covers exactly what is stored.
    details: JSON.parse(JSON.stringify(entry.details ?? {})) as Record<string, unknown>,
    previousHash,
  };
  return { ...unhashed, id: String(seq), hash: hashRecord(unhashed) };
}

/** Short, and what every database stores as it is: no control characters, no half of a pair. */
function cut(value: string): string {
  const short = value.length > MAX_TEXT_CHARS ? `${value.slice(0, MAX_TEXT_CHARS)}…` : value;
  return short.replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd');
}
