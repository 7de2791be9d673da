/** Controllers as processes that tests kill, and clients that write through them. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { AUTHORITY_FILES } from '../../controller/src/cluster/authority.ts';
import type { ControllerConfigInput } from '../../controller/src/config.ts';

const SCRIPT = new URL('controller-process.mjs', import.meta.url);
const REQUEST_TIMEOUT_MS = 15_000;

export interface ControllerProcess {
  readonly adminUrl: string;
  readonly trustBundlePem: string;
  readonly dataDir: string;
  /** Whether the process has ended, by itself or not. */
  readonly hasEnded: boolean;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Ports are chosen freely and limits are out of the way of load. @throws Error with what it wrote when it ends early */
export async function startController(
  dataDir: string,
  store: NonNullable<ControllerConfigInput['store']>,
): Promise<ControllerProcess> {
  const config: ControllerConfigInput = {
    dataDir,
    store,
    admin: { port: 0 },
    public: { port: 0, tls: 'none' },
    control: { port: 0 },
    loginOrigin: 'http://login.localhost:1',
    auth: { attemptsPerMinute: 100_000 },
    limits: { adminRequestsPerMinute: 1_000_000 },
  };
  const child = fork(SCRIPT, [JSON.stringify(config)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let written = '';
  child.stderr?.on(
    'data',
    (chunk: Buffer) => (written = (written + chunk.toString()).slice(-4000)),
  );
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  const message = await Promise.race([
    once(child, 'message').then(
      ([first]) => first as Pick<ControllerProcess, 'adminUrl' | 'trustBundlePem'>,
    ),
    once(child, 'exit').then(() => {
      throw new Error(`the controller ended early: ${written}`);
    }),
  ]);
  return {
    ...message,
    dataDir,
    get hasEnded() {
      return hasEnded(child);
    },
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** What an operator does before a further controller starts (docs/storage.md). */
export async function copyAuthority(fromDataDir: string, toDataDir: string): Promise<void> {
  await mkdir(join(toDataDir, 'pki'), { recursive: true, mode: 0o700 });
  for (const name of AUTHORITY_FILES)
    await copyFile(join(fromDataDir, 'pki', name), join(toDataDir, 'pki', name));
}

/** The administrator's password, made by the first controller. */
export async function adminPassword(dataDir: string): Promise<string> {
  return (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim();
}

type Method = 'GET' | 'POST' | 'DELETE';

export interface Answer {
  status: number;
  body: { data?: Record<string, unknown>; error?: { cause?: { field?: string } } };
}

/** A client of the Management API that knows the addresses of several controllers. */
export class AdminClient {
  readonly #agent: Agent;
  #urls: string[];
  #session = '';
  /** Requests that were sent a second time, to the next controller. */
  retried = 0;

  constructor(
    controllers: readonly Pick<ControllerProcess, 'adminUrl' | 'trustBundlePem'>[],
    agent?: Agent,
  ) {
    this.#urls = controllers.map(({ adminUrl }) => adminUrl);
    this.#agent =
      agent ?? new Agent({ connect: { ca: controllers[0]?.trustBundlePem }, connections: 32 });
  }

  async signIn(password: string): Promise<void> {
    const credentials = { username: 'admin', password };
    const { status, body } = await this.send('POST', 'authenticate?method=password', credentials);
    if (status !== 200) throw new Error(`signing in was answered ${status}`);
    this.#session = String(body.data?.['token']);
  }

  /** The same client, beginning at another controller of its list. */
  at(index: number): AdminClient {
    const other = new AdminClient([], this.#agent);
    other.#urls = [...this.#urls.slice(index), ...this.#urls.slice(0, index)];
    other.#session = this.#session;
    return other;
  }

  /** One attempt at the first controller of the list. @throws Error when there is no answer */
  send(method: Method, path: string, body?: object): Promise<Answer> {
    return this.sendTo(`/edge/management/v1/${path}`, method, body);
  }

  /** The same for a path of another API. */
  async sendTo(path: string, method: Method, body?: object): Promise<Answer> {
    const [url = ''] = this.#urls;
    const response = await request(url + path, {
      method,
      dispatcher: this.#agent,
      headers: { 'content-type': 'application/json', 'zt-session': this.#session },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: REQUEST_TIMEOUT_MS,
    });
    return { status: response.statusCode, body: (await response.body.json()) as Answer['body'] };
  }

  /** As `send`; without an answer, or at a 5xx, once more at the next controller. */
  async sendOrRetry(method: Method, path: string, body?: object): Promise<Answer> {
    const urls = this.#urls;
    try {
      const answer = await this.send(method, path, body);
      if (answer.status < 500) return answer;
    } catch {
      // No answer: the request may or may not have been carried out.
    }
    this.retried += 1;
    if (this.#urls === urls) this.#urls = [...urls.slice(1), ...urls.slice(0, 1)];
    return this.send(method, path, body);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** Whether a service of this name exists now, be it by this request or an earlier attempt of it. */
export function isCreated({ status, body }: Answer): boolean {
  return status === 201 || (status === 400 && body.error?.cause?.field === 'name');
}
