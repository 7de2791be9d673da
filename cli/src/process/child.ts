import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { AppError } from '@postern/shared/errors';

export interface ChildOptions {
  name: string;
  /** Script and its arguments. */
  script: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** Standard output and error are appended here. */
  logFile: string;
  /** Default 30 s. */
  readyTimeoutMs?: number;
}

/** Delay before a crashed child starts again; doubles up to the maximum while it keeps crashing. */
const restartDelayMs = { first: 100, max: 5_000 };
/** After SIGTERM a child has this long before SIGKILL. */
const stopTimeoutMs = 2_000;

/**
 * One supervised process: started, told ready by an IPC message, restarted when it ends without
 * being asked to, stopped by SIGTERM.
 */
export class SupervisedChild {
  readonly #options: ChildOptions;
  #log: WriteStream | undefined;
  #process: ChildProcess | undefined;
  #stopping = false;
  #restarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /**
   * Starts the child and waits until it is ready.
   * @throws {AppError} `ERR_PROCESS_START` with the child's last error line.
   */
  async start(): Promise<void> {
    const { script, args, env, name, logFile, readyTimeoutMs = 30_000 } = this.#options;
    const log = (this.#log ??= createWriteStream(logFile, { flags: 'a', mode: 0o600 }));
    const child = fork(script, args, {
      env: { ...process.env, ...env },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    let lastErrorLine = '';
    child.stdout?.pipe(log, { end: false });
    child.stderr?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      lastErrorLine = chunk.toString('utf8').trim().split('\n').at(-1) ?? lastErrorLine;
    });
    const signal = AbortSignal.timeout(readyTimeoutMs);
    const ended = new AbortController();
    const ready = once(child, 'message', { signal: AbortSignal.any([signal, ended.signal]) });
    child.once('exit', () => ended.abort());
    try {
      await ready;
      child.once('exit', () => this.#restart());
      // It may have ended between its message and now.
      if (child.exitCode !== null || child.signalCode !== null) this.#restart();
    } catch (cause) {
      child.kill('SIGKILL');
      throw new AppError(
        'ERR_PROCESS_START',
        signal.aborted
          ? `${name} was not ready after ${readyTimeoutMs / 1000} s; see ${logFile}`
          : `${name} could not start: ${lastErrorLine || `see ${logFile}`}`,
        { cause },
      );
    }
  }

  #restart(): void {
    if (this.#stopping || this.#restartTimer) return;
    const delayMs = Math.min(restartDelayMs.first * 2 ** this.#restarts, restartDelayMs.max);
    this.#restarts += 1;
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined;
      this.start().then(
        () => (this.#restarts = 0),
        () => this.#restart(),
      );
    }, delayMs);
  }

  /** Ends the child: SIGTERM, then SIGKILL. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await exited;
      clearTimeout(timer);
    }
    this.#log?.end();
  }
}
