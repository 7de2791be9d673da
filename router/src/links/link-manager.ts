/** Dials links to other routers and dials again what was lost, forever. */
import { randomUUID } from 'node:crypto';
import { Backoff } from '@postern/node/retry';
import { dialTls } from '@postern/node/tls';
import { isAppError } from '@postern/shared/errors';
import { HELLO_LIMITS } from '@postern/shared/protocol/channel';
import { LINK_ALPN } from '@postern/shared/schemas';
import type { OwnIdentity } from '../enroll/identity-store.ts';
import { TlsFrameSocket } from '../net/tls-frame-socket.ts';
import { openLink, type LinkDeps } from './link-connection.ts';

interface LinkManagerOptions {
  identity: OwnIdentity;
  trustDomain: string;
  /** False for a dark router, which must dial everybody that can be dialed. */
  acceptsLinks: boolean;
}

interface Dialing {
  readonly backoff: Backoff;
  timer: NodeJS.Timeout | undefined;
  active: boolean;
  attempts: number;
  /** When to try at the earliest, after a refusal that will not pass soon. */
  notBeforeMs: number;
}

/** A router whose groups of links are not ours is asked again so often: it may be configured anew. */
const OTHER_GROUPS_RETRY_MS = 60_000;

export class LinkManager {
  readonly #deps: LinkDeps;
  readonly #options: LinkManagerOptions;
  readonly #dialing = new Map<string, Dialing>();
  readonly #abort = new AbortController();

  constructor(deps: Omit<LinkDeps, 'onLost'>, options: LinkManagerOptions) {
    this.#deps = { ...deps, onLost: (routerId) => this.#ensure(routerId) };
    this.#options = options;
  }

  /** For links that others dial. */
  get deps(): LinkDeps {
    return this.#deps;
  }

  /** Routers that this one is to dial and has no link to now. */
  get missing(): string[] {
    const { registry } = this.#deps;
    return [...this.#dialing.keys()].filter((routerId) => registry.get(routerId) === undefined);
  }

  /** The routers known have changed: dials new ones, drops links to those removed or disabled. */
  refresh(): void {
    const { state } = this.#deps.context;
    for (const link of [...this.#deps.registry.values()]) {
      if (state.get('router', link.routerId)?.disabled !== false) link.peer.socket.destroy();
    }
    for (const routerId of this.#dialing.keys())
      if (!this.#mustDial(routerId)) this.#forget(routerId);
    for (const router of state.all('router')) this.#ensure(router.id);
  }

  close(): void {
    this.#abort.abort();
    for (const routerId of [...this.#dialing.keys()]) this.#forget(routerId);
    for (const link of [...this.#deps.registry.values()]) link.peer.socket.destroy();
  }

  /**
   * The router with the smaller id dials; or whichever can, when the other side of the pair accepts no
   * links.
   */
  #mustDial(routerId: string): boolean {
    const { context } = this.#deps;
    const router = context.state.get('router', routerId);
    if (router === undefined || router.disabled || routerId === context.routerId) return false;
    if (router.fabricAddresses.length === 0) return false;
    return context.routerId < routerId || !this.#options.acceptsLinks;
  }

  #ensure(routerId: string): void {
    if (this.#abort.signal.aborted || !this.#mustDial(routerId)) return;
    if (this.#deps.registry.get(routerId) !== undefined) return;
    let dialing = this.#dialing.get(routerId);
    if (dialing === undefined) {
      dialing = {
        backoff: new Backoff(),
        timer: undefined,
        active: false,
        attempts: 0,
        notBeforeMs: 0,
      };
      this.#dialing.set(routerId, dialing);
    }
    if (dialing.active || dialing.timer !== undefined) return;
    const backoffMs = dialing.attempts === 0 ? 0 : dialing.backoff.nextMs();
    const delayMs = Math.max(backoffMs, dialing.notBeforeMs - this.#deps.context.nowMs());
    const scheduled = dialing;
    dialing.timer = setTimeout(() => {
      scheduled.timer = undefined;
      void this.#dial(routerId, scheduled);
    }, delayMs);
  }

  async #dial(routerId: string, dialing: Dialing): Promise<void> {
    const { context } = this.#deps;
    const addresses = context.state.get('router', routerId)?.fabricAddresses ?? [];
    const address = addresses[dialing.attempts++ % addresses.length];
    if (address === undefined) return;
    dialing.active = true;
    try {
      const { identity, trustDomain } = this.#options;
      const { key, clientCert, ca } = identity.current;
      const tls = await dialTls({
        address,
        alpn: LINK_ALPN,
        key,
        cert: clientCert,
        ca,
        timeoutMs: context.limits.helloTimeoutMs,
        expected: { role: 'router', id: routerId, trustDomain },
        signal: this.#abort.signal,
      });
      const socket = new TlsFrameSocket(tls, HELLO_LIMITS, context.budget);
      await openLink(this.#deps, socket, routerId, randomUUID());
      dialing.backoff.reset();
    } catch (error) {
      if (isAppError(error, 'ERR_LINK_GROUPS')) {
        dialing.notBeforeMs = context.nowMs() + OTHER_GROUPS_RETRY_MS;
      }
      context.logger.debug('link.dial-failed', { peerId: routerId, address, error });
    } finally {
      dialing.active = false;
    }
    this.#ensure(routerId);
  }

  #forget(routerId: string): void {
    clearTimeout(this.#dialing.get(routerId)?.timer);
    this.#dialing.delete(routerId);
  }
}
