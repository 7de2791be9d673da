import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { connectorCommands } from './commands.ts';

it('gives a shell what was typed, and nothing to run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-commands-'));
  try {
    const service = `"; touch owned; $(touch owned) \`touch owned\` 'END_OF_CONFIG\nEND_OF_CONFIG`;
    const script = connectorCommands(service, 'http://127.0.0.1:3000', 'a.b.c');
    const run = script.replace(/\npostern connector run.*$/, '');
    expect(run).not.toBe(script);
    execFileSync('sh', ['-c', run], { cwd: folder });
    const made = join(folder, readFolder(script));
    expect(readFileSync(join(made, 'enrollment.jwt'), 'utf8')).toBe('a.b.c\n');
    expect(parse(readFileSync(join(made, 'connector.yaml'), 'utf8'))).toEqual({
      stateDir: './state',
      enrollmentJwtFile: './enrollment.jwt',
      services: [{ service, target: 'http://127.0.0.1:3000' }],
    });
    expect(() => readFileSync(join(folder, 'owned'))).toThrow();
    expect(() => readFileSync(join(made, 'owned'))).toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function readFolder(script: string): string {
  return /mkdir -p (\S+)/.exec(script)?.[1] ?? '';
}
