import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createProgram } from '../commands/program.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { complete } from './complete.ts';
import { completionScripts, shells, type Shell } from './scripts.ts';

const nowhere: Terminal = {
  env: {},
  columns: undefined,
  interactive: false,
  out: () => undefined,
  err: () => undefined,
  ask: () => Promise.reject(new Error('nobody')),
  readInput: () => Promise.resolve(''),
};
const after = (line: string) => complete(createProgram(nowhere), line.split(' '));

describe('complete', () => {
  it.each([
    ['ed', ['edge']],
    ['edge lo', ['login', 'logout']],
    ['edge list service-p', ['service-policies']],
    ['edge list --filter x ident', ['identities', 'identity', 'identity-role-attributes']],
    ['edge create posture-check ', ['mac', 'domain', 'os', 'process', 'process-multi', 'mfa']],
    ['edge create service wiki --enc', ['--encryption']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['controller run --conf', ['--config']],
  ])('postern %s', (line, candidates) => {
    expect(after(line).filter((one) => one !== 'help')).toEqual(expect.arrayContaining(candidates));
    expect(after(line).every((one) => one.startsWith(line.split(' ').at(-1)!))).toBe(true);
  });

  it('leaves values, names and files to the shell', () => {
    expect(after('edge enroll ')).toEqual([]);
    expect(after('edge login host --ca ')).toEqual([]);
    expect(after('nonsense ')).not.toContain('__complete');
  });
});

const folder = mkdtempSync(join(tmpdir(), 'postern-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// Stands in for the program: answers with the words it was asked about.
const asked = join(folder, 'postern');
writeFileSync(asked, `#!/bin/sh\nshift 2; echo "$#:$*"\n`);
chmodSync(asked, 0o755);

/** How each shell is made to complete `postern edge li`, and prints what it found. */
const drive: Record<Shell, string[]> = {
  bash: [
    '-c',
    `source ./script; COMP_WORDS=(postern edge li); COMP_CWORD=2; _postern; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: [
    '-fc',
    `compdef() { :; }; compadd() { shift; print -l -- "\${(@P)1}"; }; source ./script; words=(postern edge li); CURRENT=3; _postern`,
  ],
  fish: ['--no-config', '-c', `source ./script; complete -C 'postern edge li'`],
};

describe.each(shells)('%s', (shell) => {
  const missing = spawnSync(shell, ['-c', 'true']).error !== undefined;
  if (missing) process.stderr.write(`skipped: completion in ${shell} needs ${shell}\n`);

  it.skipIf(missing)('loads the script and asks the program with the words typed', () => {
    writeFileSync(join(folder, 'script'), completionScripts[shell]);
    const { stdout, stderr } = spawnSync(shell, drive[shell], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder },
    });
    expect(stderr).toBe('');
    expect(stdout).toContain('2:edge li');
  });
});
