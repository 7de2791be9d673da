/**
 * How requests of the application's own worker are told from those of pages: by the fragment of their
 * URL, which networks never see. Apart from the messages, because runtimes have no room for schemas.
 */

/** Names of the locks that show whether a worker lives. */
export const WORKER_LOCK = 'postern-app-worker-';
/** Where a worker gets the body of a fetch event's request, by the event's id. */
export const EVENT_BODY_PATH = '/.postern/app-worker/body/';
/** What module workers import first. */
export const APP_WORKER_RUNTIME_PATH = '/.postern/app-worker-runtime.js';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const SCRIPT = new RegExp(`#postern-app-worker-(${UUID})$`);
const PASSED = new RegExp(`^#postern-event-(${UUID})-(whole|body|preload)$`);

/** The URL a worker is started from: its script's, and which worker it is. */
export function tagScript(scriptUrl: string, worker: string): string {
  return `${scriptUrl}#postern-app-worker-${worker}`;
}

/** The worker of {@link tagScript}. */
export function parseScriptTag(scriptUrl: string): string | undefined {
  return SCRIPT.exec(scriptUrl)?.[1];
}

/** A request of the worker that passes on an event's: as it was, its body alone, or ahead of the event. */
export interface PassedRequest {
  event: string;
  part: 'whole' | 'body' | 'preload';
}

export function formatPassed({ event, part }: PassedRequest): string {
  return `#postern-event-${event}-${part}`;
}

export function parsePassed(hash: string): PassedRequest | undefined {
  const match = PASSED.exec(hash);
  const [, event, part] = match ?? [];
  return event === undefined ? undefined : { event, part: part as PassedRequest['part'] };
}
