import { toHex } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import { systemClock, type Clock } from '../channel/clock.ts';
import type { Circuit, CloseReason } from '../edge/types.ts';
import type { HandshakeLink } from '../handshake/handshake-run.ts';
import { decodeResume, RESUME_VERSION } from './messages.ts';
import { ResumableCircuit } from './resumable-circuit.ts';
import { RESUME_GRACE_MS } from './resume-client.ts';
import type { ResumptionKeys } from './resumption-keys.ts';
import { RetentionBudget } from './retained-messages.ts';

export const DEFAULT_MAX_SUSPENDED = 1_024;
const DEFAULT_BUDGET_BYTES = 256 * 1_048_576;

export interface ResumptionsOptions {
  /** How long a session without a circuit is kept; default {@link RESUME_GRACE_MS}. */
  readonly graceMs?: number;
  /** Sessions kept without a circuit at the same time; default 1,024. */
  readonly maxSuspended?: number;
  /** What all sessions together keep for sending again; default 256 MiB. */
  readonly budgetBytes?: number;
  readonly clock?: Clock;
}

/** Who may resume a session: the router says who asks and for what. */
export interface ResumptionScope {
  readonly serviceId: string;
  readonly callerId: string;
}

const LOST: CloseReason = {
  code: 'ERR_CIRCUIT_LOST',
  message: 'the session was not resumed in time',
  retryable: true,
};

interface Entry<Session> {
  readonly keys: ResumptionKeys;
  readonly circuit: ResumableCircuit;
  readonly session: Session;
  readonly scope: ResumptionScope;
  /** The last attempt that was proved; each later one has a larger number. */
  attempt: number;
  cancelGrace: (() => void) | undefined;
}

/** The host's side of resuming: sessions that can go on over another circuit. */
export class Resumptions<Session> {
  readonly #graceMs: number;
  readonly #maxSuspended: number;
  readonly #budget: RetentionBudget;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry<Session>>();
  #suspended = 0;

  constructor(options: ResumptionsOptions = {}) {
    this.#graceMs = options.graceMs ?? RESUME_GRACE_MS;
    this.#maxSuspended = options.maxSuspended ?? DEFAULT_MAX_SUSPENDED;
    this.#budget = new RetentionBudget(options.budgetBytes ?? DEFAULT_BUDGET_BYTES);
    this.#clock = options.clock ?? systemClock;
  }

  /** Sessions that wait for a circuit. */
  get suspended(): number {
    return this.#suspended;
  }

  /** Bytes kept for sending again. */
  get retainedBytes(): number {
    return this.#budget.usedBytes;
  }

  /** Makes a session that can be resumed, over `circuit`. */
  begin(
    circuit: Circuit,
    keys: ResumptionKeys,
    scope: ResumptionScope,
    create: (circuit: ResumableCircuit) => Session,
  ): { session: Session; circuit: ResumableCircuit } {
    const resumable = new ResumableCircuit(circuit, {
      budget: this.#budget,
      onSuspended: (loss) => this.#suspend(entry, loss),
    });
    const entry: Entry<Session> = {
      keys,
      circuit: resumable,
      session: create(resumable),
      scope,
      attempt: 0,
      cancelGrace: undefined,
    };
    const id = toHex(keys.id);
    this.#entries.set(id, entry);
    resumable.ending.addEventListener('abort', () => {
      this.#entries.delete(id);
      this.#settle(entry);
    });
    return { session: entry.session, circuit: resumable };
  }

  /**
   * Answers R1, the first message of `circuit`, and moves its session there. Throws
   * `ERR_RESUME_REFUSED` for a session that is not here, not this caller's, or asked for by who does
   * not have its key; nothing has changed then.
   */
  async resume(
    link: HandshakeLink,
    circuit: Circuit,
    r1: Uint8Array,
    asked: { serviceId: string; callerId?: string | undefined },
  ): Promise<Session> {
    const entry = await this.#prove(r1, circuit, asked);
    const { attempt } = entry;
    const { received: peerReceived } = decodeResume(r1).content;
    // From here on the session has no circuit: not longer than the grace time, whatever fails.
    this.#startGrace(entry, LOST);
    const received = await entry.circuit.leave();
    const r2 = await entry.keys.answer(r1, received, circuit.circuitId);
    // A later attempt has overtaken this one, or the session ended meanwhile.
    if (attempt !== entry.attempt || entry.circuit.ending.aborted) throw refused();
    link.send(r2);
    link.handOver(
      () => {
        this.#settle(entry);
        entry.circuit.attach(circuit, peerReceived);
      },
      (_, message) => entry.circuit.receive(message),
    );
    return entry.session;
  }

  async #prove(
    r1: Uint8Array,
    { circuitId }: Circuit,
    { serviceId, callerId }: { serviceId: string; callerId?: string | undefined },
  ): Promise<Entry<Session>> {
    const { id, version } = decodeResume(r1).content;
    const entry = this.#entries.get(toHex(id));
    if (entry === undefined || version !== RESUME_VERSION) throw refused();
    const { scope, keys } = entry;
    const isScope =
      scope.serviceId === serviceId && (callerId === undefined || scope.callerId === callerId);
    if (!isScope) throw refused();
    const { attempt } = await keys.checkRequest(r1, circuitId).catch((cause: unknown) => {
      throw refused(cause);
    });
    if (attempt <= entry.attempt) throw refused();
    entry.attempt = attempt;
    return entry;
  }

  #suspend(entry: Entry<Session>, loss: CloseReason): void {
    if (this.#suspended >= this.#maxSuspended) {
      entry.circuit.end(loss);
      return;
    }
    this.#startGrace(entry, loss);
  }

  #startGrace(entry: Entry<Session>, loss: CloseReason): void {
    if (entry.cancelGrace !== undefined) return;
    this.#suspended += 1;
    entry.cancelGrace = this.#clock.schedule(this.#graceMs, () => entry.circuit.end(loss));
  }

  #settle(entry: Entry<Session>): void {
    if (entry.cancelGrace === undefined) return;
    entry.cancelGrace();
    entry.cancelGrace = undefined;
    this.#suspended -= 1;
  }
}

function refused(cause?: unknown): AppError {
  return new AppError('ERR_RESUME_REFUSED', 'no session to resume', { cause });
}
