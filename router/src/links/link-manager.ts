/** Dials links to other routers and dials again what was lost, forever. */
import { randomUUID } from 'node:crypto';
import { Backoff } from '@postern/node/retry';
import { isAppError } from '@postern/shared/errors';
import type { LimitedFrameSocket } from '../net/frame-socket.ts';
import { openLink, type LinkDeps } from './link-connection.ts';

/** Opens a connection to a router at `address`, and makes sure that it is this one. */
export type DialLink = (
  router: { readonly id: string; readonly address: string },
  signal: AbortSignal,
) => Promise<LimitedFrameSocket>;

interface LinkManagerOptions {
  dial: DialLink;
  /** Of the times between attempts, in [0, 1). */
  random?: () => number;
  /** False for a dark router, which must dial everybody that can be dialed. */
  acceptsLinks: boolean;
}

interface Dialing {
  readonly backoff: Backoff;
  /** Takes back the next attempt, if one is due. */
  cancel: (() => void) | undefined;
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

  /**
   * These routers have changed, by default all: dials new ones, drops links to those removed or disabled.
   */
  refresh(routerIds: Iterable<string> = this.#all()): void {
    const { state } = this.#deps.context;
    for (const routerId of routerIds) {
      if (state.get('router', routerId)?.disabled !== false)
        this.#deps.registry.get(routerId)?.peer.socket.destroy();
      if (!this.#mustDial(routerId)) this.#forget(routerId);
      else this.#ensure(routerId);
    }
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

  /** Every router that is known, linked or dialed. */
  #all(): Set<string> {
    const { context, registry } = this.#deps;
    const known = [...context.state.all('router')].map(({ id }) => id);
    const linked = [...registry.values()].map(({ routerId }) => routerId);
    return new Set([...known, ...linked, ...this.#dialing.keys()]);
  }

  #ensure(routerId: string): void {
    if (this.#abort.signal.aborted || !this.#mustDial(routerId)) return;
    if (this.#deps.registry.get(routerId) !== undefined) return;
    let dialing = this.#dialing.get(routerId);
    if (dialing === undefined) {
      dialing = {
        backoff: new Backoff(this.#options),
        cancel: undefined,
        active: false,
        attempts: 0,
        notBeforeMs: 0,
      };
      this.#dialing.set(routerId, dialing);
    }
    if (dialing.active || dialing.cancel !== undefined) return;
    const backoffMs = dialing.attempts === 0 ? 0 : dialing.backoff.nextMs();
    const delayMs = Math.max(backoffMs, dialing.notBeforeMs - this.#deps.context.nowMs());
    const scheduled = dialing;
    dialing.cancel = this.#deps.context.clock.schedule(delayMs, () => {
      scheduled.cancel = undefined;
      void this.#dial(routerId, scheduled);
    });
  }

  async #dial(routerId: string, dialing: Dialing): Promise<void> {
    const { context } = this.#deps;
    const addresses = context.state.get('router', routerId)?.fabricAddresses ?? [];
    const address = addresses[dialing.attempts++ % addresses.length];
    if (address === undefined) return;
    dialing.active = true;
    try {
      const socket = await this.#options.dial({ id: routerId, address }, this.#abort.signal);
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
    this.#dialing.get(routerId)?.cancel?.();
    this.#dialing.delete(routerId);
  }
}
