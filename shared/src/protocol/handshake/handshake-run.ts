import { AppError, isAppError } from '../../errors/index.ts';
import type { Clock } from '../channel/clock.ts';
import type { Circuit, CloseReason } from '../edge/types.ts';

/** A handshake that takes longer fails. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 5_000;
/** Messages held between two steps; the circuit's window bounds their bytes. */
const MAX_HELD_MESSAGES = 4_096;

interface Held {
  readonly message: Uint8Array;
  /** Returns the message's credit. */
  readonly consumed: () => void;
}

/** The circuit as a handshake sees it: one message at a time, until time, peer or caller end it. */
export interface HandshakeLink {
  send(message: Uint8Array): void;
  /** The next message; rejects when the handshake can't go on. */
  receive(): Promise<Uint8Array>;
  /**
   * Ends the handshake's use of the circuit. `takeOver` sets the circuit's handlers; messages that
   * came early go to `receiver`, in order, before any later one.
   */
  handOver<T>(
    takeOver: () => T,
    receiver: (taken: T, message: Uint8Array) => void | Promise<void>,
  ): T;
}

export interface HandshakeRunOptions {
  readonly circuit: Circuit;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs `steps` over the circuit. Whatever goes wrong closes the circuit and throws
 * `ERR_HANDSHAKE_FAILED`, the precise cause inside; a circuit that closed by itself keeps its own code.
 */
export async function runHandshake<T>(
  { circuit, clock, timeoutMs, signal }: HandshakeRunOptions,
  steps: (link: HandshakeLink) => Promise<T>,
): Promise<T> {
  const held: Held[] = [];
  let waiting: { resolve: (held: Held) => void } | undefined;
  let stop!: (error: AppError) => void;
  const stopped = new Promise<never>((_, reject) => (stop = reject));
  stopped.catch(() => undefined);

  circuit.onMessage = (message) =>
    new Promise<void>((consumed) => {
      const next = { message, consumed };
      if (waiting) {
        const { resolve } = waiting;
        waiting = undefined;
        resolve(next);
      } else if (held.length < MAX_HELD_MESSAGES) held.push(next);
      else stop(failure('too many messages during the handshake'));
    });
  const state = { failed: false, circuitEnded: false };
  circuit.onClose = (reason) => {
    state.circuitEnded = true;
    stop(circuitClosed(reason));
  };
  const cancelTimer = clock.schedule(timeoutMs, () => stop(failure('took too long')));
  const onAbort = () => stop(failure('aborted', signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();

  const link: HandshakeLink = {
    send: (message) => circuit.send(message),
    async receive() {
      const early = held.shift();
      const next = early ?? (await new Promise<Held>((resolve) => (waiting = { resolve })));
      next.consumed();
      return next.message;
    },
    handOver(takeOver, receiver) {
      // Steps that were overtaken by the time limit must not bring a session to life.
      if (state.failed || state.circuitEnded) throw failure('already over');
      const taken = takeOver();
      for (const { message, consumed } of held.splice(0)) {
        void Promise.resolve(receiver(taken, message)).then(consumed);
      }
      return taken;
    },
  };
  try {
    const verified = steps(link).catch((cause: unknown) => {
      throw failure('not verified', cause);
    });
    return await Promise.race([verified, stopped]);
  } catch (error) {
    state.failed = true;
    circuit.onMessage = undefined;
    circuit.onClose = undefined;
    if (!state.circuitEnded) {
      // The one refusal that the other end needs to tell from others: then it begins a new session.
      const isRefusal = isAppError(error, 'ERR_HANDSHAKE_FAILED') && isResumeRefused(error.cause);
      const code = isRefusal ? 'ERR_RESUME_REFUSED' : 'ERR_HANDSHAKE_FAILED';
      circuit.close({ code, message: '', retryable: false });
    }
    for (const { consumed } of held.splice(0)) consumed();
    throw error;
  } finally {
    cancelTimer();
    signal?.removeEventListener('abort', onAbort);
  }
}

const isResumeRefused = (cause: unknown): boolean => isAppError(cause, 'ERR_RESUME_REFUSED');

function failure(why: string, cause?: unknown): AppError {
  return new AppError('ERR_HANDSHAKE_FAILED', `handshake failed: ${why}`, { cause });
}

function circuitClosed(reason: CloseReason): AppError {
  const code = reason.code === 'OK' ? 'ERR_CIRCUIT_LOST' : reason.code;
  return new AppError(code, reason.message || 'the circuit closed during the handshake', {
    retryable: reason.retryable,
  });
}
