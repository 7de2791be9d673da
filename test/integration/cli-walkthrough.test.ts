/** What docs/walkthrough.md prints works: both walks run as they stand. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../cli/src/demo/ports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = join(root, 'cli/dist/main.js');
const text = readFileSync(join(root, 'docs/walkthrough.md'), 'utf8');

/** The commands under a heading, one script. */
function walk(heading: string): string {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))!;
  return [...section.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, body]) => body!).join('\n');
}

const missing = ['bash', 'curl', 'jq', 'openssl', 'csplit'].filter(
  (tool) => spawnSync(tool, ['--version']).error !== undefined,
);
if (missing.length > 0)
  process.stderr.write(`skipped: docs/walkthrough.md needs ${missing.join(', ')}\n`);

const folder = mkdtempSync(join(tmpdir(), 'postern-walk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(missing.length > 0)('docs/walkthrough.md', () => {
  let controller: ChildProcess;
  let port: number;
  let here: string;

  beforeEach(async () => {
    const ports = await findFreePorts(3);
    port = ports[0]!;
    here = mkdtempSync(join(folder, 'walk-'));
    const dataDir = join(here, 'DATA');
    mkdirSync(dataDir);
    const bin = join(here, 'bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'postern'),
      `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`,
    );
    chmodSync(join(bin, 'postern'), 0o755);
    const config = join(here, 'controller.json');
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
    controller = spawn(process.execPath, [program, 'controller', 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(controller, 'message');
  });
  afterEach(async () => {
    controller.kill('SIGTERM');
    await once(controller, 'exit');
  });

  function run(script: string) {
    return spawnSync(
      'bash',
      ['-c', `set -euo pipefail\n${script.replaceAll('127.0.0.1:1280', `127.0.0.1:${port}`)}`],
      {
        cwd: here,
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${join(here, 'bin')}:${process.env['PATH'] ?? ''}`,
          POSTERN_PROFILES: join(here, 'profiles.json'),
        },
      },
    );
  }

  it('leads from enrolment to sign-in with the postern command', () => {
    const { status, stdout, stderr } = run(walk('With the postern command'));
    expect(stderr).not.toContain('postern:');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('New service wiki created');
    expect(stdout).toMatch(/laptop \(1\) -> wiki \(1\), .* dial: yes, bind: no/);
    expect(stdout).toContain('Enrolled: identity file written to laptop.json');
    expect(stdout).toContain('identity: laptop');
    expect(stdout).toContain('Disabled identity laptop');
    const late = run('postern edge whoami --profile laptop');
    expect(late.status).toBe(3);
    expect(late.stderr).toContain('UNAUTHORIZED');
  }, 300_000);

  it('leads there with curl', () => {
    const { status, stdout, stderr } = run(walk('With curl'));
    expect(stderr).toBe('');
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('"isDialAllowed": true');
    expect(stdout).toContain('laptop\nwiki: Dial\n');
    expect(stdout).toContain('UNAUTHORIZED\n');
    expect(existsSync(join(here, 'laptop.crt'))).toBe(true);
  }, 300_000);
});
