/** Runs `postern demo` from the build, as other programs do, for the browser tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { DemoReport } from '../../cli/src/demo/start-demo.ts';

const script = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));

export interface RunningDemo {
  report: DemoReport;
  process: ChildProcess;
  /** Folder of the profiles that the demo keeps, so that those of whoever runs the tests stay as they are. */
  home: string;
  /** Application of that name; throws if the demo has none. */
  app(name: string): { name: string; url: string; service: string };
  /** Signs in as the administrator and calls the Management API. */
  admin(method: string, path: string, body?: unknown): Promise<{ status: number; data: any }>;
  /** SIGTERM; resolves with the exit code and how long it took. */
  stop(): Promise<{ code: number | null; elapsedMs: number }>;
}

/** @param args Words after `demo`; `--json --port 0` are added. */
export async function startDemo(...args: string[]): Promise<RunningDemo> {
  const home = mkdtempSync(join(tmpdir(), 'postern-home-'));
  const child = spawn(process.execPath, [script, 'demo', '--json', '--port', '0', ...args], {
    env: { ...process.env, POSTERN_PROFILES: join(home, 'profiles.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const exited = once(child, 'exit');
  const line = createInterface(child.stdout)[Symbol.asyncIterator]().next();
  const first = await Promise.race([line, exited.then(() => undefined)]);
  if (!first?.value) throw new Error(`the demo did not start: ${errors.join('')}`);
  const report = JSON.parse(first.value as string) as DemoReport;

  const dispatcher = new Agent({ connect: { ca: readFileSync(report.caFile, 'utf8') } });
  let session: string | undefined;
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await request(`${report.admin.url}${path}`, {
      method: method as 'GET',
      dispatcher,
      headers: {
        'content-type': 'application/json',
        ...(session ? { 'zt-session': session } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const envelope = (await response.body.json()) as { data: unknown };
    return { status: response.statusCode, data: envelope.data };
  };
  return {
    report,
    process: child,
    home,
    app: (name) => {
      const app = report.apps.find((item) => item.name === name);
      if (!app) throw new Error(`the demo has no app ${name}`);
      return app;
    },
    admin: async (method, path, body) => {
      if (!session) {
        const { username, password } = report.admin;
        const { data } = await call('POST', '/authenticate?method=password', {
          username,
          password,
        });
        session = (data as { token: string }).token;
      }
      return call(method, path, body);
    },
    stop: async () => {
      const startedMs = Date.now();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await exited;
      }
      if (!dispatcher.closed) await dispatcher.close();
      rmSync(home, { recursive: true, force: true });
      return { code: child.exitCode, elapsedMs: Date.now() - startedMs };
    },
  };
}
