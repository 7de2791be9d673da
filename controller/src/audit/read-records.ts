/** Audit records in order, from a database or an export, a page at a time. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { AppError } from '@postern/shared/errors';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { decodeRow } from '../model/table.ts';
import type { Database } from '../store/tables.ts';
import { auditRecords, type AuditRecord } from './audit-table.ts';

const PAGE = 500;
const MAX_LINE_CHARS = 1024 * 1024;

/** Every record after `after`, as of the time each page is read. */
export async function* recordsAfter(
  db: Kysely<Database>,
  after: number,
): AsyncGenerator<AuditRecord> {
  let seq = after;
  for (;;) {
    const rows = await db
      .selectFrom('auditRecords')
      .selectAll()
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(PAGE)
      .execute();
    for (const row of rows) yield decodeRow(auditRecords, row);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    seq = last.seq;
  }
}

const lineSchema = z.strictObject({
  id: z.string(),
  seq: z.int().min(1),
  createdAt: z.string(),
  actorKind: z.enum(['identity', 'router', 'anonymous', 'system']),
  actorId: z.string(),
  sessionId: z.string(),
  address: z.string(),
  action: z.string(),
  outcome: z.enum(['success', 'refused']),
  reason: z.string(),
  entityKind: z.string(),
  entityId: z.string(),
  details: z.record(z.string(), z.unknown()),
  previousHash: z.string(),
  hash: z.string(),
}) satisfies z.ZodType<AuditRecord>;

/** As exported: one JSON object a line. @throws AppError ERR_AUDIT_EXPORT_INVALID naming the line */
export async function* recordsOfExport(file: string): AsyncGenerator<AuditRecord> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    number += 1;
    if (line === '') continue;
    let record: AuditRecord;
    try {
      if (line.length > MAX_LINE_CHARS) throw new Error('too long');
      record = lineSchema.parse(JSON.parse(line));
    } catch (cause) {
      throw new AppError('ERR_AUDIT_EXPORT_INVALID', `line ${number} of ${file} is no record`, {
        cause,
      });
    }
    yield record;
  }
}
