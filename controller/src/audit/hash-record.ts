import { createHash } from 'node:crypto';
import type { AuditRecord } from './audit-table.ts';
import { canonicalJson } from './canonical-json.ts';

/** `previousHash` of the first record. */
export const GENESIS_HASH = '0'.repeat(64);

/** SHA-256, hex, over the canonical JSON of the record without `id` and `hash`. */
export function hashRecord(record: Omit<AuditRecord, 'id' | 'hash'>): string {
  const { seq, createdAt, actorKind, actorId, sessionId, address, action, outcome } = record;
  const { reason, entityKind, entityId, details, previousHash } = record;
  const hashed = {
    seq,
    createdAt,
    actorKind,
    actorId,
    sessionId,
    address,
    action,
    outcome,
    reason,
    entityKind,
    entityId,
    details,
    previousHash,
  };
  return createHash('sha256').update(canonicalJson(hashed)).digest('hex');
}
