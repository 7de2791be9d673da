/** A process that is talked to in lines. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  #errors = '';

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(command, args, { env: { ...process.env, ...env } });
    this.#exited = once(this.#child, 'exit');
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    const killAtExit = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', killAtExit);
    this.#child.once('exit', () => process.off('exit', killAtExit));
  }

  get errors(): string {
    return this.#errors;
  }

  send(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The next line. @throws Error with what it complained of, when it ended instead */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`it ended: ${this.#errors}`);
    return value;
  }

  /** The first line from now on that matches. Throws as `line`. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(await this.line());
      if (found) return found;
    }
  }

  /** Closes its input and waits; answers the exit code. */
  async end(): Promise<number | null> {
    this.#child.stdin.end();
    await this.#exited;
    return this.#child.exitCode;
  }

  /** SIGTERM, and waits; answers the exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      await this.#exited;
    }
    return this.#child.exitCode;
  }
}
