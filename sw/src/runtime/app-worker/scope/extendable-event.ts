/** `ExtendableEvent` and those of its kind (Service Workers §"ExtendableEvent"). */
import { passFor } from '../event-handlers.ts';
import type { WindowClient as Source } from './clients.ts';

interface Extension {
  isDispatched: boolean;
  pending: Set<Promise<unknown>>;
  error: { cause: unknown } | undefined;
}
const extensions = new WeakMap<Event, Extension>();

export class ExtendableEvent extends Event {
  waitUntil(promise: unknown): void {
    extend(this, promise);
  }
}
passFor(ExtendableEvent, 'ExtendableEvent');

/** Dispatches at `scope` and waits for all that the event was extended by. Rejects with the first failure. */
export async function dispatchExtendable(
  scope: EventTarget,
  event: ExtendableEvent,
): Promise<void> {
  const extension: Extension = { isDispatched: true, pending: new Set(), error: undefined };
  extensions.set(event, extension);
  scope.dispatchEvent(event);
  extension.isDispatched = false;
  while (extension.pending.size > 0) await Promise.allSettled(extension.pending);
  if (extension.error !== undefined) throw extension.error.cause;
}

/** What `waitUntil` does. Throws an `InvalidStateError` once the event is over. */
export function extend(event: ExtendableEvent, given: unknown): void {
  const extension = extensions.get(event);
  if (extension === undefined || (!extension.isDispatched && extension.pending.size === 0)) {
    throw new DOMException('The event is already finished.', 'InvalidStateError');
  }
  const promise = Promise.resolve(given);
  extension.pending.add(promise);
  void promise
    .catch((cause: unknown) => (extension.error ??= { cause }))
    // A moment later, so that what was to follow can extend it further.
    .then(() => Promise.resolve())
    .finally(() => extension.pending.delete(promise));
}

/** True while listeners run. */
export function isDispatched(event: Event): boolean {
  return extensions.get(event)?.isDispatched === true;
}

export interface MessageInit extends EventInit {
  data: unknown;
  origin: string;
  source: Source;
  ports: readonly MessagePort[];
}

export class ExtendableMessageEvent extends ExtendableEvent {
  readonly data: unknown;
  readonly origin: string;
  readonly lastEventId = '';
  readonly source: Source;
  readonly ports: readonly MessagePort[];

  constructor(type: string, init: MessageInit) {
    super(type, init);
    this.data = init.data;
    this.origin = init.origin;
    this.source = init.source;
    this.ports = Object.freeze([...init.ports]);
  }
}
passFor(ExtendableMessageEvent, 'ExtendableMessageEvent');
