import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { HEAP_GROWTH_FLAG } from '../../cli/src/process/relax-heap-growth.ts';

/** What the measured page posts. */
export interface PageReport {
  mode: string;
  run: string;
  error?: string;
  ownRoundTripMs?: { p50: number; p99: number };
  tinyMs: { p50: number; p99: number };
  downloadMBps: number;
  uploadMBps: number;
}

/** What a stop of `browser/journey.js` posts, by its path. */
export interface StopReport {
  mode: string;
  error?: string;
  firstPaintMs: number;
  hundredMs: number;
  echoMs: number;
}

/** A helper script as a process of its own that says its port over IPC. */
export class BenchProcess {
  /** What the process said when it was ready. */
  readonly started: unknown;
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, started: { port: number }) {
    this.#child = child;
    this.started = started;
    this.port = started.port;
    this.pid = child.pid ?? 0;
  }

  static async start(script: string, ...args: string[]): Promise<BenchProcess> {
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
      // As `postern router run` sets it: no ratio is to be one of garbage collections.
      execArgv: [HEAP_GROWTH_FLAG],
    });
    const [message] = (await once(child, 'message')) as [{ port: number }];
    return new BenchProcess(child, message);
  }

  /** The next page report; rejects after two minutes or when the page reports an error. */
  async nextReport<
    Report extends { mode: string; error?: string } = PageReport,
  >(): Promise<Report> {
    const [message] = (await once(this.#child, 'message', {
      signal: AbortSignal.timeout(120_000),
    })) as [{ report: Report }];
    if (message.report.error) throw new Error(`${message.report.mode}: ${message.report.error}`);
    return message.report;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }
}
