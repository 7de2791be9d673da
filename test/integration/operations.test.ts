/** What docs/operations.md prints works: its configurations are valid, its REST walk runs. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../cli/src/demo/ports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const postern = join(root, 'cli/dist/main.js');
const text = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, body]) => body!,
  );

const folder = mkdtempSync(join(tmpdir(), 'postern-operations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('configurations', () => {
  it.each(blocks('yaml').map((body) => [/^# (\w+)/.exec(body)![1]!, body] as const))(
    '%s',
    (part, body) => {
      const file = join(folder, `${part}.yaml`);
      writeFileSync(file, body);
      const { status, stderr } = spawnSync(
        process.execPath,
        [postern, part, 'config', 'check', '--config', file],
        { encoding: 'utf8' },
      );
      expect(stderr).not.toContain('postern:');
      expect(status).toBe(0);
    },
  );
});

const missing = ['bash', 'curl', 'jq'].filter(
  (tool) => spawnSync(tool, ['--version']).status !== 0,
);
if (missing.length > 0) {
  process.stderr.write(
    `skipped: the REST walk of docs/operations.md needs ${missing.join(', ')}\n`,
  );
}

describe.skipIf(missing.length > 0)('administration by REST', () => {
  let controller: ChildProcess;
  let port: number;

  beforeAll(async () => {
    const ports = await findFreePorts(3);
    port = ports[0]!;
    const dataDir = join(folder, 'DATA');
    mkdirSync(dataDir);
    const config = join(folder, 'walk.json');
    writeFileSync(
      config,
      JSON.stringify({
        dataDir,
        admin: { port },
        public: { port: ports[1], tls: 'none' },
        control: { port: ports[2] },
        loginOrigin: 'http://login.localhost:1',
      }),
    );
    controller = spawn(process.execPath, [postern, 'controller', 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(controller, 'message');
  });
  afterAll(async () => {
    controller.kill('SIGTERM');
    await once(controller, 'exit');
  });

  it('runs as printed, and ends with an application and no error', () => {
    const walk = blocks('sh').find((body) => body.includes('/edge/management/v1'))!;
    const script = `set -euo pipefail\n${walk.replace('127.0.0.1:1280', `127.0.0.1:${port}`)}
echo; echo "TYPES $(for type in identities services edge-routers service-policies edge-router-policies service-edge-router-policies external-jwt-signers applications; do call GET $type | jq -r '.data | length'; done | xargs)"
echo "TOKENS $(cut -c1-2 wiki-host.jwt) $(cut -c1-2 router-1.jwt)"`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).not.toContain('"error"');
    // The administrator and the two identities; one or two of each of the others.
    expect(stdout).toContain('TYPES 3 1 1 2 1 1 1 1');
    expect(stdout).toContain('TOKENS ey ey');
  });
});
