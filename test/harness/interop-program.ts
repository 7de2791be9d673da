/** Programs of another language as child processes: lines of JSON are what they have to say. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { appendFileSync } from 'node:fs';

type Line = Record<string, any>;

export class InteropProgram {
  readonly lines: Line[] = [];
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #log: string[] = [];
  #wake: () => void = () => undefined;
  #isOver = false;

  constructor(file: string, args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const out = createInterface({ input: this.#child.stdout! });
    out.on('line', (line) => {
      if (!line.startsWith('{')) return;
      this.lines.push(JSON.parse(line) as Line);
      this.#wake();
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      if (process.env['INTEROP_LOG']) appendFileSync(process.env['INTEROP_LOG'], line + '\n');
      if (this.#log.push(line) > 200) this.#log.shift();
      this.#wake();
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => {
        this.#isOver = true;
        this.#wake();
        resolve(code);
      });
    });
    this.ended.catch(() => undefined);
  }

  /** The first line that has this member, now or later. Rejects when the program ends without. */
  async line(member: string): Promise<Line> {
    for (;;) {
      const found = this.lines.find((line) => member in line);
      if (found) return found;
      if (this.#isOver) throw new Error(`ended without "${member}": ${this.report()}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Resolves when its log says this, now or later. */
  async logged(pattern: RegExp): Promise<void> {
    while (!this.#log.some((line) => pattern.test(line))) {
      if (this.#isOver) throw new Error(`ended without ${String(pattern)}: ${this.report()}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What it said, for a test that fails. */
  report(): string {
    return [...this.lines.map((line) => JSON.stringify(line)), ...this.#log.slice(-40)].join('\n');
  }

  /** Ends it in an orderly way: hosts stop when their input ends. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Runs one command to its end; answers its last line. Rejects when it says `error`. */
export async function runProgram(
  file: string,
  args: readonly string[],
  env?: Record<string, string>,
): Promise<Line> {
  const program = new InteropProgram(file, args, env);
  await program.ended;
  const last = program.lines.at(-1);
  if (last === undefined) throw new Error(`it said nothing: ${program.report()}`);
  if (typeof last['error'] === 'string') throw new Error(last['error']);
  return last;
}
