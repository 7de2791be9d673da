/**
 * The requests as a HAR 1.2 file. It is passed on to whoever helps, so it says nothing of what was
 * sent: no cookies, no header fields, no bodies, and queries only where the person asked for them.
 * Times that HAR has no place for are in members that begin with `_`, as it allows (HAR 1.2, "Custom fields").
 */
import type { ConnectionReport } from '@postern/shared/protocol/client';
import type { RequestReport, StatusReport } from '../messages/status.ts';

export interface HarOptions {
  withQueries: boolean;
  /** Of the browser. */
  userAgent: string;
}

export function createHar(report: StatusReport, { withQueries, userAgent }: HarOptions): object {
  return {
    log: {
      version: '1.2',
      creator: { name: 'Postern', version: '1' },
      browser: { name: userAgent, version: '' },
      pages: [],
      entries: report.requests.map((request) => entry(request, withQueries)),
      comment: 'No cookies, header fields or bodies. Made by the status page.',
      ...(report.connection && { _connection: connectionFacts(report.connection) }),
    },
  };
}

/** Milliseconds of the parts of a request, as far as they happened. */
export function phasesOf(request: RequestReport) {
  const { connectedMs, openedMs, headMs, endedMs, applicationMs } = request;
  const openedAt = openedMs ?? headMs ?? endedMs ?? 0;
  const headAt = headMs ?? endedMs ?? openedAt;
  const wait = Math.max(0, headAt - openedAt);
  const application = Math.min(wait, applicationMs ?? 0);
  return {
    /** Until there was a session. */
    connect: Math.min(connectedMs ?? openedAt, openedAt),
    /** Until the stream was opened. */
    queued: openedAt,
    /** On the way, both directions. */
    way: wait - application,
    application,
    body: Math.max(0, (endedMs ?? headAt) - headAt),
  };
}

function entry(request: RequestReport, withQueries: boolean): object {
  const { method, startedMs, status, receivedBytes, fromCache, error, endedMs } = request;
  const url = new URL(request.url);
  if (!withQueries && url.search !== '') url.search = '?redacted';
  url.username = url.password = '';
  const { connect, queued, way, application, body } = phasesOf(request);
  const timings = {
    blocked: round(queued - connect),
    dns: -1,
    connect: round(connect),
    ssl: -1,
    send: 0,
    wait: round(way + application),
    receive: round(body),
  };
  return {
    startedDateTime: new Date(startedMs).toISOString(),
    time: round(queued + way + application + body),
    request: {
      method,
      url: url.href,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: [],
      queryString: withQueries
        ? [...url.searchParams].map(([name, value]) => ({ name, value }))
        : [],
      headersSize: -1,
      bodySize: -1,
    },
    response: {
      status: status ?? 0,
      statusText: '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: [],
      content: { size: receivedBytes, mimeType: '' },
      redirectURL: '',
      headersSize: -1,
      bodySize: -1,
      ...(error !== undefined && { _error: error }),
    },
    cache: {},
    timings,
    ...(request.applicationMs !== undefined && { _applicationMs: round(request.applicationMs) }),
    ...(fromCache && { _fromCache: true }),
    ...(endedMs === undefined && { _running: true }),
  };
}

/** The way and the encryption; not who is signed in. */
function connectionFacts({ path, suite, circuitId, sessionRoundTripMs }: ConnectionReport): object {
  return { suite, circuitId, path: path ?? [], sessionRoundTripMs: sessionRoundTripMs ?? null };
}

const round = (ms: number): number => Math.round(ms * 100) / 100;
