/** What the controller's pieces share: built once by `createController`, passed to every factory. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@postern/shared/log';
import type { PolicyIndex } from '@postern/shared/policy';
import type { AuditLog } from './audit/audit-log.ts';
import type { Authentication } from './auth/authentication.ts';
import type { ControllerConfig } from './config.ts';
import type { ControllerEvents } from './events.ts';
import type { LiveEvents } from './live/collect-events.ts';
import type { Pki } from './pki/pki.ts';
import type { LiveState } from './sessions/live-state.ts';
import type { Posture } from './posture/posture.ts';
import type { Sealer } from './store/sealer.ts';
import type { Store } from './store/store.ts';

export interface ControllerContext {
  readonly config: ControllerConfig;
  readonly logger: Logger;
  readonly store: Store;
  readonly pki: Pki;
  /** For stored secrets that must be read again. */
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** Who may dial, bind and use which router: in step with the store when a write's promise resolves. */
  readonly policy: PolicyIndex;
  readonly events: ControllerEvents;
  /** Passwords and external JWTs → identities. */
  readonly auth: Authentication;
  /** Circuits, recent refusals: what is in no table. */
  readonly live: LiveState;
  /** Authentications and access decisions; writes are recorded by the store itself. */
  readonly audit: AuditLog;
  /** What sessions report of their devices, and the checks they pass by it. */
  readonly posture: Posture;
  /** What happens now, for administrators who watch. */
  readonly liveEvents: LiveEvents;
  /** Where clients reach the listeners; complete before any factory of a listener runs, save `control`. */
  readonly endpoints: Endpoints;
  /** Tests: every REST answer is held to the schema its route declares; another one becomes a 500. */
  readonly checkResponses?: boolean | undefined;
}

/** Milliseconds since 1970; injected so that tests can move time. */
export type Clock = () => number;

export interface Endpoints {
  /** `https://host:port` of the admin listener. */
  readonly admin: string;
  /** Base URL of the public listener, no trailing slash. */
  readonly public: string;
  /** `tls:host:port` addresses of the control listener; set once that listens. */
  control: readonly string[];
}

/** What `createPublicApp(ctx)` returns; the controller owns the listener. */
export interface PublicApp {
  handle(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** What `createControlServer(ctx)` returns: already listening on `config.control`. */
export interface ControlServer {
  readonly address: { readonly host: string; readonly port: number };
  /** Connections by role. */
  readonly connections: () => Record<'router' | 'identity', number>;
  close(): Promise<void>;
}
