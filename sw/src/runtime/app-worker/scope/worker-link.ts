/** The way from an application's worker to the service worker: a port that some page connects, and connects anew. */
import type { WorkerCall, WorkerCommand, WorkerReport } from '../../../messages/app-worker.ts';
import { WORKER_LOCK } from '../../../messages/app-worker-tag.ts';

/** Calls that wait for a port or for their answer. */
const MAX_CALLS = 4_096;

interface Call {
  report: WorkerReport;
  transfer: Transferable[];
  isSent: boolean;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface ScopeLinkOptions {
  worker: string;
  /** What each port is told first. */
  ready(): Extract<WorkerReport, { kind: 'ready' }>;
  onCommand(
    command: Exclude<WorkerCommand, { kind: 'reply' | 'refused' | 'adopted' }>,
    ports: readonly MessagePort[],
  ): void;
}

export class ScopeLink {
  readonly #options: ScopeLinkOptions;
  readonly #calls = new Map<string, Call>();
  readonly #lock: Promise<void>;
  /** The port that the service worker took, of those that pages connected. */
  #port: MessagePort | undefined;

  constructor(options: ScopeLinkOptions) {
    this.#options = options;
    // Held as long as this worker lives: that is how its end is noticed.
    this.#lock = new Promise((held) => {
      void navigator.locks.request(WORKER_LOCK + options.worker, () => {
        held();
        return new Promise(() => undefined);
      });
    });
  }

  async connect(port: MessagePort): Promise<void> {
    await this.#lock;
    port.onmessage = ({ data, ports }: MessageEvent<WorkerCommand>) => {
      if (this.#port !== port) this.#adopt(port);
      this.#take(data, ports);
    };
    port.postMessage(this.#options.ready());
  }

  /** Asks something of the service worker. Rejects with what it refused for. */
  call(call: WorkerCall, transfer: Transferable[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#calls.size >= MAX_CALLS) {
        reject(new DOMException('Too many calls wait.', 'QuotaExceededError'));
        return;
      }
      const id = crypto.randomUUID();
      const waiting: Call = {
        report: { kind: 'call', id, call },
        transfer,
        isSent: false,
        resolve,
        reject,
      };
      this.#calls.set(id, waiting);
      if (this.#port !== undefined) this.#send(waiting);
    });
  }

  report(report: WorkerReport, transfer: Transferable[] = []): void {
    this.#port?.postMessage(report, transfer);
  }

  /** Asks again what the service worker before may not have heard. */
  #adopt(port: MessagePort): void {
    this.#port = port;
    for (const call of this.#calls.values()) {
      const isOnce = call.report.kind === 'call' && call.report.call.method === 'post';
      if (!call.isSent || !isOnce) this.#send(call);
    }
  }

  #send(call: Call): void {
    try {
      this.#port?.postMessage(call.report, call.isSent ? [] : call.transfer);
      call.isSent = true;
    } catch (error) {
      call.reject(error as Error);
    }
  }

  #take(command: WorkerCommand, ports: readonly MessagePort[]): void {
    switch (command.kind) {
      case 'adopted':
        return;
      case 'reply':
        this.#calls.get(command.id)?.resolve(command.value);
        this.#calls.delete(command.id);
        return;
      case 'refused': {
        const { name, message } = command.error;
        this.#calls
          .get(command.id)
          ?.reject(name === 'TypeError' ? new TypeError(message) : new DOMException(message, name));
        this.#calls.delete(command.id);
        return;
      }
      default:
        this.#options.onCommand(command, ports);
    }
  }
}
