/** A part of the network as a process of its own, which a scenario kills, freezes and starts again. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

export class PartProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #command: string;
  readonly #configFile: string;
  readonly #config: object;
  #child: ChildProcess | undefined;

  /** @param command `controller`, `router` or `connector` */
  constructor(dir: string, name: string, command: string, config: object) {
    this.name = name;
    this.logFile = join(dir, `${name}.log`);
    this.#command = command;
    this.#configFile = join(dir, `${name}.json`);
    this.#config = config;
  }

  /** @throws Error when it was never started */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} has no process`);
    return pid;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves when it serves. @throws Error with its log file when it does not */
  async start(): Promise<void> {
    await writeFile(this.#configFile, JSON.stringify(this.#config), { mode: 0o600 });
    const child = fork(script, [this.#command, 'run', '--config', this.#configFile], {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const log = createWriteStream(this.logFile, { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    const killAtExit = (): void => void child.kill('SIGKILL');
    process.once('exit', killAtExit);
    child.once('exit', () => {
      process.off('exit', killAtExit);
      log.end();
    });
    const ready = once(child, 'message', { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
    const ended = once(child, 'exit').then(() => false);
    if ((await Promise.race([ready, ended])) === false) {
      throw new Error(`${this.name} ended early, see ${this.logFile}`);
    }
  }

  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Keeps its sockets open and does nothing, until {@link PartProcess.thaw}. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}
