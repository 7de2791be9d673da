/** WebSockets to the app whose way to the browser may be lost for a moment, so that it can resume them. */
import { randomBytes } from 'node:crypto';
import type { HostRevocation } from '@postern/shared/schemas';
import type { CookieOwner } from '../cookies/seal.ts';
import { covers } from '../sessions/revocations.ts';
import { MAX_DETACHED_BYTES, type WebSocketRelay } from './relay-websocket.ts';

/** How long the app's side waits for the browser to come back. */
const RESUME_GRACE_MS = 30_000;
/** Waiting at once; then the one that waits longest goes. With its held bytes: 256 MiB at most. */
const MAX_WAITING = (256 * 1024 * 1024) / MAX_DETACHED_BYTES;

/** Whose WebSocket it is: nobody else resumes it, nor the same person after another sign-in. */
export interface SocketOwner extends CookieOwner {
  sessionId: string;
}

interface Kept {
  readonly owner: SocketOwner;
  readonly relay: WebSocketRelay;
  timer: NodeJS.Timeout | undefined;
}

export class KeptWebSockets {
  readonly #graceMs: number;
  /** By id; those that wait are in the order in which they began to. */
  readonly #kept = new Map<string, Kept>();

  constructor(graceMs = RESUME_GRACE_MS) {
    this.#graceMs = graceMs;
  }

  /** WebSockets without a way to the browser. */
  get waiting(): number {
    return this.#waiting().length;
  }

  /** @returns the id to resume it by: 128 random bits */
  add(owner: SocketOwner, relay: WebSocketRelay): string {
    const id = randomBytes(16).toString('base64url');
    this.#kept.set(id, { owner, relay, timer: undefined });
    return id;
  }

  /** The WebSocket of that id, if it is this owner's; from now on it does not wait any more. */
  take(id: string, owner: SocketOwner): WebSocketRelay | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined || kept.relay.hasFailed || !isSameOwner(kept.owner, owner)) {
      return undefined;
    }
    clearTimeout(kept.timer);
    kept.timer = undefined;
    return kept.relay;
  }

  /** Its way was lost: it waits for the next one, and ends when none comes. */
  wait(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    clearTimeout(kept.timer);
    kept.timer = setTimeout(() => this.#end(id), this.#graceMs);
    this.#kept.set(id, kept);
    const waiting = this.#waiting();
    for (const surplus of waiting.slice(0, Math.max(0, waiting.length - MAX_WAITING))) {
      this.#end(surplus);
    }
  }

  /** It ended by itself. */
  delete(id: string): void {
    clearTimeout(this.#kept.get(id)?.timer);
    this.#kept.delete(id);
  }

  /** Ends those that wait and that the revocation covers. Those in use end with their sessions. */
  revoke(revocation: HostRevocation): void {
    for (const [id, { owner, timer }] of [...this.#kept]) {
      if (timer !== undefined && covers(revocation, owner)) this.#end(id);
    }
  }

  close(): void {
    for (const id of [...this.#kept.keys()]) this.#end(id);
  }

  #waiting(): string[] {
    return [...this.#kept].filter(([, { timer }]) => timer !== undefined).map(([id]) => id);
  }

  #end(id: string): void {
    this.#kept.get(id)?.relay.terminate();
    this.delete(id);
  }
}

function isSameOwner(a: SocketOwner, b: SocketOwner): boolean {
  return (
    a.serviceId === b.serviceId &&
    a.identityId === b.identityId &&
    a.keyThumbprint === b.keyThumbprint &&
    a.sessionId === b.sessionId
  );
}
