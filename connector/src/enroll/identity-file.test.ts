import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readIdentity, writeIdentity } from './identity-file.ts';

describe('identity file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-identity-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is kept for its owner alone', async () => {
    const path = join(folder, 'identity.json');
    expect(await readIdentity(path)).toBeUndefined();
    const identity = {
      apiUrl: 'https://controller.test/edge/client/v1',
      key: 'key',
      cert: 'certificate',
      ca: 'authority',
      controlAddresses: ['tls:a.controller.test:6262', 'tls:b.controller.test:6262'],
    };
    await writeIdentity(path, identity);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readIdentity(path)).toEqual(identity);
  });

  it.each(['', '[]', '{"ztAPI":"x","id":{"key":"file:k","cert":"pem:c","ca":"pem:a"}}'])(
    'is refused as %s',
    async (text) => {
      const path = join(folder, 'identity.json');
      await writeFile(path, text);
      await expect(readIdentity(path)).rejects.toMatchObject({
        code: 'ERR_CONNECTOR_IDENTITY_FILE',
      });
    },
  );
});
