import { datetime, defineTable, json, number, text, type RowOf } from '../model/table.ts';
import type { Actor } from './actor.ts';

export type Outcome = 'success' | 'refused';

/**
 * One line of the audit log. `hash` is SHA-256 over the canonical JSON of all other members, among
 * them `previousHash`, the hash of the line before; so each line fixes all that came before it.
 */
export const auditRecords = defineTable('auditRecords', {
  /** `seq` as text, the id of the REST API. */
  id: text(),
  /** 1, 2, 3, …: no number is missing. */
  seq: number(),
  createdAt: datetime(),
  actorKind: text<Actor['kind']>(),
  actorId: text(),
  sessionId: text(),
  address: text(),
  /** For example `create`, `update`, `delete`, `authenticate`, `dial`. */
  action: text(),
  outcome: text<Outcome>(),
  /** Error code of a refusal, or how a success came about; may be empty. */
  reason: text(),
  /** Table or kind of what was acted on, for example `services`; may be empty. */
  entityKind: text(),
  entityId: text(),
  /** Changed members as `{ name: [before, after] }`, counts of a summary, and the like. */
  details: json<Record<string, unknown>>(),
  previousHash: text(),
  hash: text(),
});
export type AuditRecord = RowOf<typeof auditRecords>;

/** What a writer gives; the chain adds the rest. Actor: default the one of the running call. */
export interface AuditEntry {
  readonly actor?: Actor;
  readonly action: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly entityKind?: string;
  readonly entityId?: string;
  readonly details?: Record<string, unknown>;
}
