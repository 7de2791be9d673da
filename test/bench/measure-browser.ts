/** A page measures itself direct, through the simplest pipe and through Postern. */
import type { BrowserKind } from '../harness/browser.ts';
import type { RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';
import type { BenchProcess, PageReport } from './bench-server.ts';
import { median, milliseconds, ratio, type FigureTable } from './figures.ts';
import { BenchProfile } from './raw-browser.ts';

const rounds = 3;
const twoRouterRounds = 2;
const sizes = 'down=128&up=64';

export class BrowserBench {
  readonly #profile: BenchProfile;
  readonly #server: BenchProcess;
  readonly #through: string;
  readonly #reports: Record<string, PageReport[]> = {};

  private constructor(profile: BenchProfile, server: BenchProcess, through: string) {
    this.#profile = profile;
    this.#server = server;
    this.#through = through;
  }

  /** A fresh profile that is signed in to the app `bench` of the demo. */
  static async create(
    kind: BrowserKind,
    demo: RunningDemo,
    server: BenchProcess,
  ): Promise<BrowserBench> {
    const profile = await BenchProfile.create(kind);
    const through = demo.app('bench').url;
    await profile.prepare(async (page) => {
      const warm = server.nextReport();
      await openSignedIn(page, demo, `${through}?down=1&up=1&mode=warm-up`);
      await warm;
    });
    return new BrowserBench(profile, server, through);
  }

  /** All ways in turn, so that a change of the machine's load meets all of them. */
  async measure(): Promise<void> {
    const { port } = this.#server;
    for (let round = 0; round < rounds; round++) {
      await this.#open('direct', `http://127.0.0.1:${port}/?${sizes}`);
      await this.#open(
        'plain',
        `http://plain.localhost:${port}/?${sizes}&worker=/pipe-worker.js%3Fplain`,
      );
      await this.#open(
        'pipe',
        `http://pipe.localhost:${port}/?${sizes}&own&worker=/pipe-worker.js`,
      );
      await this.#open('postern', `${this.#through}?${sizes}`);
    }
  }

  /** Through Postern only, after the policies were changed to lead over two routers. */
  async measureTwoRouters(): Promise<void> {
    for (let round = 0; round < twoRouterRounds; round++) {
      await this.#open('two routers', `${this.#through}?${sizes}`);
    }
  }

  async remove(): Promise<void> {
    await this.#profile.remove();
  }

  report(table: FigureTable): void {
    const { kind } = this.#profile;
    const name = kind === 'chromium' ? 'Chromium' : 'Firefox';
    const own = this.#median('pipe', (r) => r.ownRoundTripMs?.p50 ?? NaN);
    for (const mode of ['postern', 'two routers']) {
      if (this.#reports[mode] === undefined) continue;
      const label = mode === 'postern' ? name : `${name}, two routers`;
      const p50 = this.#median(mode, (r) => r.tinyMs.p50);
      const direct = this.#median('direct', (r) => r.tinyMs.p50);
      table.add(
        `${label}: warm request`,
        `p50 ${milliseconds(p50)}, p99 ${milliseconds(this.#median(mode, (r) => r.tinyMs.p99))}`,
        `direct p50 ${milliseconds(direct)} (${ratio(p50, direct)}), p99 ${milliseconds(this.#median('direct', (r) => r.tinyMs.p99))}; own worker's answer p50 ${milliseconds(own)}, so beyond it ${milliseconds(p50 - own)}`,
      );
      for (const [what, pick] of [
        ['download', (r: PageReport) => r.downloadMBps],
        ['upload', (r: PageReport) => r.uploadMBps],
      ] as const) {
        const speed = this.#median(mode, pick);
        const against = (other: string) => ratio(speed, this.#median(other, pick));
        table.add(
          `${label}: ${what}`,
          `${speed.toFixed(0)} MB/s`,
          `encrypted pipe ${against('pipe')}, same unencrypted ${against('plain')}, direct HTTP ${against('direct')}`,
        );
      }
    }
  }

  async #open(mode: string, url: string): Promise<void> {
    const report = await this.#profile.open(
      `${url}&mode=${encodeURIComponent(mode)}`,
      this.#server.nextReport(),
    );
    (this.#reports[mode] ??= []).push(report);
  }

  #median(mode: string, pick: (report: PageReport) => number): number {
    return median((this.#reports[mode] ?? []).map(pick));
  }
}
