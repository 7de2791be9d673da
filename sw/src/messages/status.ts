/**
 * What the status page and the service worker say to each other. The page asks anew every
 * {@link WATCH_RENEWAL_MS}, which also keeps the worker alive and finds one that was started again:
 *
 *     page → worker   { type: 'postern.watch-status' } with one port of a channel
 *     worker → page   StatusReport over that port, at once and at each change
 *
 * The worker answers clients whose document is the status page, and nobody else. Nothing here is a secret
 * of the sign-in: pages of the application could see as much of their own requests.
 */

import type { ConnectionReport } from '@postern/shared/protocol/client';

export const STATUS_PATH = '/.postern/status';
export const WATCH_RENEWAL_MS = 10_000;

export interface StatusReport {
  application: string;
  /** Epoch ms, by the worker. */
  nowMs: number;
  signedIn: { sinceMs: number; tokenUntilMs: number } | undefined;
  /** Sessions made by this life of the worker. */
  openedSessions: number;
  connection: ConnectionReport | undefined;
  /** Latest last; at most {@link MAX_REQUESTS}. */
  requests: readonly RequestReport[];
}

/** Requests kept and shown. */
export const MAX_REQUESTS = 100;

/** One request of a page; times in ms since `startedMs`, which is epoch ms. */
export interface RequestReport {
  id: number;
  method: string;
  url: string;
  startedMs: number;
  /** A session was there. */
  connectedMs?: number;
  /** The stream was opened. */
  openedMs?: number;
  /** The final head came. */
  headMs?: number;
  /** The body ended, in order or not. */
  endedMs?: number;
  /** Connector to application and back, as the connector measured it. */
  applicationMs?: number;
  status?: number;
  receivedBytes: number;
  fromCache: boolean;
  /** Code it failed with. */
  error?: string;
}
