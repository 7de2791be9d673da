import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@postern/shared/log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditFile, type AuditRecord } from './audit-file.ts';

const record = (path: string): AuditRecord => ({
  kind: 'http',
  service: 'wiki',
  identityId: 'ann',
  sessionId: 's',
  method: 'GET',
  path,
  status: 200,
  bytesToApp: 0,
  bytesToClient: 5,
});
const pathsIn = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { path: string }).path);

describe('AuditFile', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'postern-audit-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('appends records to a file of its owner, and goes on in a new one after a rotation', async () => {
    const path = join(folder, 'audit.jsonl');
    const first = await AuditFile.open(path, silentLogger);
    first.write(record('/one'));
    await first.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const second = await AuditFile.open(path, silentLogger);
    second.write(record('/two\n"'));
    await rename(path, `${path}.1`);
    await second.reopen();
    second.write(record('/three'));
    await second.close();
    expect(await pathsIn(path)).toEqual(['/three']);
    await expect.poll(() => pathsIn(`${path}.1`)).toEqual(['/one', '/two\n"']);
  });

  it('says so when it cannot be written', async () => {
    await expect(AuditFile.open(join(folder, 'none', 'a'), silentLogger)).rejects.toMatchObject({
      code: 'ERR_CONNECTOR_AUDIT_FILE',
    });
  });
});
