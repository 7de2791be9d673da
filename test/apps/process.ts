/** One process of an application, ready once it said so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface AppProcess {
  /** SIGTERM, then SIGKILL after 10 s; resolves when it has ended. Idempotent. */
  stop: () => Promise<void>;
}

export interface ProcessOptions {
  /** What it prints, on stdout or stderr, when it takes requests. */
  ready: RegExp;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Default 60 000. */
  timeoutMs?: number;
}

/** @throws if it ends, or says nothing of being ready in time, with the last that it printed. */
export async function startProcess(
  command: string,
  args: string[],
  { ready, cwd, env, timeoutMs = 60_000 }: ProcessOptions,
): Promise<AppProcess> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
  });
  const exited = new Promise<void>((done) => child.once('close', () => done()));
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(force);
  };
  let log = '';
  try {
    await new Promise<void>((resolve, reject) => {
      const give = (why: string) => reject(new Error(`${command} ${why}: ${log.slice(-2_000)}`));
      const timer = setTimeout(() => give(`was not ready in ${timeoutMs} ms`), timeoutMs);
      const read = (chunk: Buffer) => {
        log = (log + chunk.toString()).slice(-20_000);
        if (!ready.test(log)) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', reject);
      void exited.then(() => {
        clearTimeout(timer);
        give('ended');
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** Runs a command to its end; throws with its output if it fails. */
export async function runCommand(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { ...process.env, ...options.env },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} failed: ${output.slice(-2_000)}`);
  return output;
}

/** A folder for the application's data. */
export function makeDataFolder(name: string): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `postern-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
