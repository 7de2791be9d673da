/**
 * A backup: JSON lines, the same for every database.
 *
 *     {"format":"postern-backup","version":1,"schema":"0003-…","createdAt":"…"}
 *     {"table":"identities"}            rows of this table follow, parents before children
 *     {"id":"…","name":"…",…}
 *     {"rows":123,"sha256":"…"}         over all lines before, each with its line feed
 */
import { createHash } from 'node:crypto';
import { createReadStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';

export const headerSchema = z.strictObject({
  format: z.literal('postern-backup'),
  version: z.literal(1),
  /** Name of the last migration of the database. */
  schema: z.string().min(1).max(100),
  createdAt: z.iso.datetime(),
});
export type BackupHeader = z.infer<typeof headerSchema>;

const tableSchema = z.strictObject({ table: z.string().min(1).max(63) });
const rowSchema = z.record(z.string().max(63), z.union([z.string(), z.number(), z.null()]));
const trailerSchema = z.strictObject({
  rows: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type BackupRow = z.infer<typeof rowSchema>;
export type BackupPart =
  | { readonly kind: 'header'; readonly header: BackupHeader }
  | { readonly kind: 'table'; readonly table: string }
  | { readonly kind: 'row'; readonly row: BackupRow };

export interface BackupWriter {
  header(header: BackupHeader): Promise<void>;
  table(table: string): Promise<void>;
  row(row: BackupRow): Promise<void>;
  /** Writes the last line. Returns the number of rows. */
  finish(): Promise<number>;
}

export function createBackupWriter(stream: WriteStream): BackupWriter {
  const hash = createHash('sha256');
  let rows = 0;
  const write = async (value: unknown): Promise<void> => {
    const line = `${JSON.stringify(value)}\n`;
    hash.update(line);
    if (!stream.write(line)) await once(stream, 'drain');
  };
  return {
    header: write,
    table: (table) => write({ table }),
    row: (row) => {
      rows += 1;
      return write(row);
    },
    finish: async () => {
      await write({ rows, sha256: hash.copy().digest('hex') });
      return rows;
    },
  };
}

/**
 * The parts of a backup in order; ends only when the last line vouches for all before it.
 * @throws AppError ERR_BACKUP_INVALID
 */
export async function* readBackup(file: string): AsyncGenerator<BackupPart> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  const hash = createHash('sha256');
  let at = 0;
  let rows = 0;
  let isComplete = false;
  let inTable = false;
  for await (const line of lines) {
    at += 1;
    if (isComplete) throw invalid(file, `line ${at} follows the last one`);
    const value = parse(file, line, at);
    const trailer = trailerSchema.safeParse(value);
    if (trailer.success) {
      if (trailer.data.rows !== rows || trailer.data.sha256 !== hash.digest('hex'))
        throw invalid(file, 'it was altered or cut');
      isComplete = true;
      continue;
    }
    hash.update(`${line}\n`);
    if (at === 1) {
      const header = headerSchema.safeParse(value);
      if (!header.success) throw invalid(file, 'it does not begin like one of this version');
      yield { kind: 'header', header: header.data };
      continue;
    }
    const table = tableSchema.safeParse(value);
    if (table.success) {
      inTable = true;
      yield { kind: 'table', ...table.data };
      continue;
    }
    const row = rowSchema.safeParse(value);
    if (!row.success || !inTable) throw invalid(file, `line ${at} is no row`);
    rows += 1;
    yield { kind: 'row', row: row.data };
  }
  if (!isComplete) throw invalid(file, 'its end is missing');
}

function parse(file: string, line: string, at: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw invalid(file, `line ${at} is no JSON`);
  }
}

function invalid(file: string, why: string): AppError {
  return new AppError('ERR_BACKUP_INVALID', `${file} is no sound backup: ${why}`);
}
