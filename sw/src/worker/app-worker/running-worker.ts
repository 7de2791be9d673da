/** One of the application's workers while it runs: events to it, reports and calls from it. */
import { AppError } from '@postern/shared/errors';
import {
  workerReportSchema,
  type WorkerAnswer,
  type WorkerCall,
  type WorkerCommand,
  type WorkerEventFacts,
  type WorkerReport,
} from '../../messages/app-worker.ts';

/** Events that a worker has not finished; more are refused. */
const MAX_EVENTS = 1_024;
/** How long an event may take to reach the worker: beyond, it is held up, or its page frozen. */
const TAKEN_TIMEOUT_MS = 10_000;

export type ReadyReport = Extract<WorkerReport, { kind: 'ready' }>;

export interface WorkerPort extends Pick<MessagePort, 'postMessage' | 'close'> {
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
}

/** An event under way. Both reject with `ERR_SW_APP_WORKER` when the worker ends before. */
export interface DispatchedEvent {
  /** Of a fetch event. */
  answer: Promise<WorkerAnswer>;
  /** All that extended it is over; rejects when that failed. */
  done: Promise<void>;
}

interface Pending {
  taken(): void;
  answer(answer: WorkerAnswer): void;
  done(error: string | undefined): void;
}

export class RunningWorker {
  readonly ready: ReadyReport;
  readonly #port: WorkerPort;
  readonly #pending = new Map<string, Pending>();
  readonly #gone = new AbortController();

  constructor(
    port: WorkerPort,
    ready: ReadyReport,
    onCall: (call: WorkerCall, ports: readonly MessagePort[]) => Promise<unknown>,
    toRefusal: (error: unknown) => { name: string; message: string },
  ) {
    this.ready = ready;
    this.#port = port;
    port.onmessage = ({ data, ports }) => {
      const report = workerReportSchema.safeParse(data).data;
      switch (report?.kind) {
        case undefined:
        case 'ready':
          return;
        case 'taken':
          this.#pending.get(report.id)?.taken();
          return;
        case 'answer':
          this.#pending.get(report.id)?.answer(report.answer);
          return;
        case 'done':
          this.#pending.get(report.id)?.done(report.error);
          return;
        case 'call':
          onCall(report.call, ports).then(
            (value) => this.post({ kind: 'reply', id: report.id, value }),
            (error: unknown) =>
              this.post({ kind: 'refused', id: report.id, error: toRefusal(error) }),
          );
      }
    };
    this.post({ kind: 'adopted' });
  }

  /** Aborts when the worker has ended. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  post(command: WorkerCommand, transfer: Transferable[] = []): void {
    if (!this.gone.aborted) this.#port.postMessage(command, transfer);
  }

  /** @param id a UUID of the event, by which the worker may ask for more about it */
  dispatch(id: string, event: WorkerEventFacts, transfer: Transferable[] = []): DispatchedEvent {
    if (this.gone.aborted || this.#pending.size >= MAX_EVENTS) {
      const refused = Promise.reject(ended('the worker takes no more events'));
      refused.catch(() => undefined);
      return { answer: refused, done: refused };
    }
    let settle!: Pending;
    const result: Partial<DispatchedEvent> = {};
    result.answer = new Promise((answer, failAnswer) => {
      result.done = new Promise((done, failDone) => {
        const fail = (): void => {
          const error = ended('the worker ended before the event was over');
          failAnswer(error);
          failDone(error);
          forget();
        };
        const timer = setTimeout(fail, TAKEN_TIMEOUT_MS);
        const forget = (): void => {
          clearTimeout(timer);
          this.gone.removeEventListener('abort', fail);
          this.#pending.delete(id);
        };
        this.gone.addEventListener('abort', fail, { once: true });
        settle = {
          taken: () => clearTimeout(timer),
          answer,
          done: (error) => {
            // An answer always comes before, of the events that have one.
            failAnswer(ended('the event is over'));
            forget();
            if (error === undefined) done();
            else failDone(ended(error));
          },
        };
      });
    });
    result.answer.catch(() => undefined);
    result.done?.catch(() => undefined);
    this.#pending.set(id, settle);
    this.post({ kind: 'event', id, event }, transfer);
    return result as DispatchedEvent;
  }

  end(): void {
    this.#gone.abort(ended('the worker has ended'));
    this.#port.close();
  }
}

const ended = (message: string): AppError => new AppError('ERR_SW_APP_WORKER', message);
