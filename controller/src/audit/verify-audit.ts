/** Checks an audit log against itself and against signed heads. Works offline, on an export too. */
import type { PublicJwk } from '@postern/shared/schemas';
import { openHead, type AuditHead } from './audit-head.ts';
import type { AuditRecord } from './audit-table.ts';
import { GENESIS_HASH, hashRecord } from './hash-record.ts';

export interface AuditProblem {
  /** Number of the record, or line of the heads file. */
  readonly at: number;
  readonly code:
    | 'RECORD_ALTERED'
    | 'RECORD_MISSING'
    | 'CHAIN_BROKEN'
    | 'HEAD_FORGED'
    | 'HEAD_CONTRADICTED'
    | 'TAIL_MISSING';
  readonly message: string;
}

export interface AuditVerdict {
  readonly ok: boolean;
  readonly records: number;
  /** The last record. */
  readonly head: { readonly seq: number; readonly hash: string };
  readonly heads: number;
  /** Records after the last signed head: nothing outside the database vouches for them yet. */
  readonly unsigned: number;
  /** The first of them, at most 100. */
  readonly problems: readonly AuditProblem[];
}

const MAX_PROBLEMS = 100;

/**
 * Reads `records` in order and every line of `heads` (compact JWS, see `audit-head.ts`), accepting
 * heads by any of `keys`. Finds altered, missing and reordered records, a cut tail, a chain that was
 * computed anew, and forged heads.
 */
export async function verifyAudit(
  records: AsyncIterable<AuditRecord> | Iterable<AuditRecord>,
  { heads, keys }: { heads: readonly string[]; keys: readonly PublicJwk[] },
): Promise<AuditVerdict> {
  const problems: AuditProblem[] = [];
  const report = (at: number, code: AuditProblem['code'], message: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ at, code, message });
  };

  const signed = new Map<number, AuditHead>();
  let lastSigned = 0;
  for (const [index, line] of heads.entries()) {
    const head = await openHead(line, keys);
    if (!head) {
      report(index + 1, 'HEAD_FORGED', `line ${index + 1} is no head signed by a given key`);
      continue;
    }
    const other = signed.get(head.seq);
    if (other && other.hash !== head.hash)
      report(head.seq, 'HEAD_CONTRADICTED', `two signed heads disagree on record ${head.seq}`);
    signed.set(head.seq, head);
    lastSigned = Math.max(lastSigned, head.seq);
  }

  let seq = 0;
  let hash = GENESIS_HASH;
  let count = 0;
  for await (const record of records) {
    count += 1;
    if (record.seq !== seq + 1)
      report(seq + 1, 'RECORD_MISSING', `record ${record.seq} follows record ${seq}`);
    if (record.previousHash !== hash)
      report(record.seq, 'CHAIN_BROKEN', `record ${record.seq} does not follow the one before it`);
    if (hashRecord(record) !== record.hash)
      report(record.seq, 'RECORD_ALTERED', `record ${record.seq} is not what was hashed`);
    const head = signed.get(record.seq);
    if (head && head.hash !== record.hash)
      report(record.seq, 'HEAD_CONTRADICTED', `record ${record.seq} is not what was signed`);
    seq = record.seq;
    hash = record.hash;
  }
  if (lastSigned > seq)
    report(
      lastSigned,
      'TAIL_MISSING',
      `a signed head names record ${lastSigned}, the log ends at ${seq}`,
    );

  return {
    ok: problems.length === 0,
    records: count,
    head: { seq, hash },
    heads: signed.size,
    unsigned: Math.max(0, seq - lastSigned),
    problems,
  };
}
