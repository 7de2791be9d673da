/**
 * Where the application's workers run: shared web workers, which pages of the application start and keep
 * alive. A service worker cannot start one, nor see it end, so pages are asked to connect it, and a lock
 * that it holds tells that it lives.
 */
import { AppError } from '@postern/shared/errors';
import type { AppWorkerMessage } from '../../messages/app-worker.ts';
import { workerReportSchema, type WorkerCall } from '../../messages/app-worker.ts';
import { WORKER_LOCK } from '../../messages/app-worker-tag.ts';
import { toFailure } from './errors.ts';
import type { WorkerRecord } from './registry.ts';
import { RunningWorker, type WorkerPort } from './running-worker.ts';

/** How long pages may take to send a port, and then the worker's script to run. */
const CONNECT_TIMEOUT_MS = 3_000;
const START_TIMEOUT_MS = 20_000;
/** Pages asked at once. */
const MAX_HOSTS = 64;

export interface HostPage {
  id: string;
  postMessage(message: AppWorkerMessage): void;
}

export interface WorkerHostsOptions {
  /** Open pages, those first that are best to ask. */
  pages(worker: WorkerRecord): Promise<readonly HostPage[]>;
  onCall: (worker: string, call: WorkerCall, ports: readonly MessagePort[]) => Promise<unknown>;
  locks: Pick<LockManager, 'request'>;
}

interface Asked {
  client: string;
  take(port: WorkerPort): void;
  fail(): void;
}

export class WorkerHosts {
  readonly #options: WorkerHostsOptions;
  readonly #running = new Map<string, Promise<RunningWorker>>();
  readonly #asked = new Map<string, Asked>();

  constructor(options: WorkerHostsOptions) {
    this.#options = options;
  }

  /** The worker, started if it does not run. Rejects with `ERR_SW_APP_WORKER` where no page can. */
  run(worker: WorkerRecord): Promise<RunningWorker> {
    let running = this.#running.get(worker.id);
    if (running === undefined) {
      running = this.#start(worker);
      this.#running.set(worker.id, running);
      const forget = (): void => {
        if (this.#running.get(worker.id) === running) this.#running.delete(worker.id);
      };
      running.then(({ gone }) => gone.addEventListener('abort', forget, { once: true }), forget);
    }
    return running;
  }

  /** The worker if it runs, without starting it. */
  find(worker: string): Promise<RunningWorker> | undefined {
    return this.#running.get(worker);
  }

  /** A page connected the worker it was asked for. Ports that nobody asked for are dropped. */
  connected(token: string, client: string, port: WorkerPort): void {
    const asked = this.#asked.get(token);
    if (asked?.client === client) asked.take(port);
  }

  failed(token: string, client: string): void {
    const asked = this.#asked.get(token);
    if (asked?.client !== client) return;
    this.#asked.delete(token);
    asked.fail();
  }

  async #start(worker: WorkerRecord): Promise<RunningWorker> {
    const pages = (await this.#options.pages(worker)).slice(0, MAX_HOSTS);
    if (pages.length === 0) throw unavailable('no page of the application is open');
    const running = await new Promise<RunningWorker>((resolve, reject) => {
      const tokens = new Set<string>();
      const ports: WorkerPort[] = [];
      const end = (): void => {
        for (const token of tokens) this.#asked.delete(token);
      };
      const fail = (reason: string): void => {
        clearTimeout(timer);
        end();
        for (const port of ports) drop(port);
        reject(unavailable(reason));
      };
      let timer = setTimeout(() => fail('no page answered'), CONNECT_TIMEOUT_MS);
      const take = (port: WorkerPort): void => {
        if (ports.length === 0) {
          clearTimeout(timer);
          timer = setTimeout(() => fail('the script did not run in time'), START_TIMEOUT_MS);
        }
        ports.push(port);
        port.onmessage = ({ data }) => {
          const report = workerReportSchema.safeParse(data).data;
          if (report?.kind !== 'ready') return;
          clearTimeout(timer);
          end();
          for (const other of ports) if (other !== port) drop(other);
          const { onCall } = this.#options;
          resolve(
            new RunningWorker(
              port,
              report,
              (call, sent) => onCall(worker.id, call, sent),
              toFailure,
            ),
          );
        };
      };
      for (const page of pages) {
        const token = crypto.randomUUID();
        tokens.add(token);
        const failOne = (): void => {
          tokens.delete(token);
          if (tokens.size === 0) fail('no page can start it');
        };
        this.#asked.set(token, { client: page.id, take, fail: failOne });
        page.postMessage({
          type: 'postern.app-worker.connect',
          token,
          worker: worker.id,
          scriptUrl: worker.scriptUrl,
          workerType: worker.workerType,
        } satisfies AppWorkerMessage);
      }
    });
    // Granted when the worker has ended and its lock with it.
    void this.#options.locks
      .request(WORKER_LOCK + worker.id, () => running.end())
      .catch(() => running.end());
    return running;
  }
}

/** What it sent before and is still to come is not heard either. */
function drop(port: WorkerPort): void {
  port.onmessage = null;
  port.close();
}

const unavailable = (reason: string): AppError =>
  new AppError('ERR_SW_APP_WORKER', `the application’s worker cannot run: ${reason}`);
