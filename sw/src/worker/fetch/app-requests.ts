/** Requests for the application: from the page's `fetch` event to the response it gets. */
import type { CookieContext } from '@postern/shared/cookies';
import { isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { SecureSession } from '@postern/shared/protocol/session';
import { parseDownload } from '../../messages/request-tag.ts';
import type { Resumption } from '../../messages/page.ts';
import type { CookieSync } from '../cookies/cookie-sync.ts';
import { createRuntimeScript } from '../documents/runtime-script.ts';
import { WORKER_RUNTIME_PATH } from '../documents/worker-script.ts';
import type { RequestLog, RequestTrace } from '../diagnostics/request-log.ts';
import { siteDataToClear } from './clear-site-data.ts';
import { acceptEncoding } from './content-coding.ts';
import { type HttpCache, withoutFragment } from '../cache/http-cache.ts';
import type { HttpLogins } from '../http-auth/http-logins.ts';
import { loginPage } from '../http-auth/login-page.ts';
import type { Look } from '../pages/look.ts';
import { exchange, type ExchangeResponse } from './exchange.ts';
import { initiatorSite, type RequestFacts } from './initiator.ts';
import { createPageResponse } from './page-response.ts';
import type { PageRequests } from './page-requests.ts';
import { openRequestBody } from './request-body.ts';
import type { ClientHints } from './client-hints.ts';
import { buildRequestFields, cacheModeFields } from './request-fields.ts';
import { sourceOf } from './response-source.ts';
import { createStreamQueue } from './stream-queue.ts';

const WORKERS: ReadonlySet<RequestDestination> = new Set(['worker', 'sharedworker']);

/** Answered by a response that never ends; the page runtime asks for it. */
export const HOLD_PATH = '/.postern/hold';

export interface AppRequestsOptions {
  origin: string;
  /** With `mayAsk` it waits for a new sign-in where the old one ended. */
  session: (mayAsk: boolean, signal?: AbortSignal) => Promise<SecureSession>;
  cookies: CookieSync;
  cache: HttpCache;
  /** What pages tell about their requests. */
  pages: PageRequests;
  /** For the application's own HTTP authentication. */
  logins: HttpLogins;
  hints: ClientHints;
  runtime: { source: string; cspHash: string; workerSource: string };
  navigator: {
    userAgent: string;
    languages: readonly string[];
    userAgentData?: object;
  };
  /** Of all requests, for the status page. */
  log: RequestLog;
  /** How pages of ours look. */
  look: () => Promise<Look>;
  /** Longest body that script may fetch; {@link MAX_UNPACED_BYTES} where the browser does not pace. */
  maxScriptedBytes: number;
  logger: Logger;
}

export interface AppRequests {
  /** Rejects with the reason when there is no answer of the application. */
  fetch(request: Request, clientId: string): Promise<Response>;
  /** Opens, or resumes, a WebSocket to `url` (`ws:` or `wss:` of the application's host). */
  openWebSocket(
    url: URL,
    protocols: readonly string[],
    resume: Resumption | undefined,
  ): Promise<ExchangeResponse>;
}

export function createAppRequests(options: AppRequestsOptions): AppRequests {
  const { origin, session, cookies, cache, pages, logins, hints, runtime, navigator } = options;
  const { maxScriptedBytes, logger } = options;
  const coding = acceptEncoding();
  const needs = {
    scriptUrl: origin + WORKER_RUNTIME_PATH,
    connectUrl: `${origin}/.postern/`,
    workerUrl: `${origin}/postern-sw.js`,
  };
  const streams = createStreamQueue();
  const { userAgent, languages, userAgentData } = navigator;
  const common = { userAgent, languages, areDecoded: userAgentData !== undefined };

  return {
    async fetch(request, clientId) {
      const trace = options.log.begin(request.method, withoutFragment(new URL(request.url)));
      try {
        return await answer(request, clientId, trace);
      } catch (error) {
        trace.failed(isAppError(error) ? error.code : 'ERR_SW_INTERNAL');
        throw error;
      }
    },

    async openWebSocket(url, protocols, resume) {
      const httpUrl = new URL(url.pathname + url.search, origin);
      const facts: RequestFacts = {
        method: 'GET',
        url: httpUrl.href,
        mode: 'same-origin',
        destination: '',
        referrer: '',
        referrerPolicy: '',
      };
      const fields = buildRequestFields({
        ...facts,
        ...common,
        headers: [],
        cookie: await cookies.header(httpUrl, cookieContext(facts)),
        bodyLength: undefined,
        acceptEncoding: '',
      }).filter(([name]) => !/^(?:sec-fetch-|accept-encoding$|accept$)/.test(name));
      fields.push(
        ['origin', origin],
        ['sec-fetch-site', 'same-origin'],
        ['sec-fetch-mode', 'websocket'],
      );
      if (protocols.length > 0) fields.push(['sec-websocket-protocol', protocols.join(', ')]);
      fields.push(['postern-resume', resume ? `${resume.id} ${resume.received}` : 'new']);
      const head = { method: 'GET', target: originForm(httpUrl), fields, webSocket: true };
      const answer = await exchange({ session: () => session(false), streams }, head);
      await takeCookies(httpUrl, answer, cookieContext(facts), '');
      return answer;
    },
  };

  async function answer(
    request: Request,
    clientId: string,
    trace: RequestTrace,
  ): Promise<Response> {
    const url = new URL(request.url);
    const facts = requestFacts(request);
    const page = pages.find(url.hash);
    const download = request.mode === 'navigate' ? parseDownload(url.hash) : undefined;
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
    const body = hasBody ? ((await page?.body()) ?? (await openRequestBody(request))) : undefined;
    const hasCredentials = request.credentials !== 'omit';
    const fields = buildRequestFields({
      ...facts,
      ...common,
      headers: request.headers,
      cookie: hasCredentials ? await cookies.header(url, cookieContext(facts)) : undefined,
      bodyLength: body?.length ?? page?.length,
      acceptEncoding: coding,
      hints: await hints.fields(),
    });
    const { method } = request;
    const verdict = await cache.look({
      method,
      url: withoutFragment(url),
      mode: request.cache,
      fields,
    });
    let source;
    if (verdict.kind === 'answer') source = verdict.source;
    else {
      fields.push(...verdict.conditions, ...cacheModeFields(request.cache, fields));
      const head = { method, target: originForm(url), fields, webSocket: false };
      // A navigation goes to the sign-in by itself.
      const mayAsk = request.mode !== 'navigate';
      const way = { session: () => session(mayAsk, page?.signal), streams, trace };
      const send = () => exchange(way, head, body, page?.signal);
      const mayLogIn = hasCredentials && !fields.some(([name]) => name === 'authorization');
      const sent = mayLogIn ? await logins.headerFor(method, head.target) : undefined;
      if (sent !== undefined) fields.push(['authorization', sent]);
      let got = await send();
      if (got.status === 401 && mayLogIn) {
        const asked = logins.challenged(got.fields, head.target, sent !== undefined);
        const header = await logins.headerFor(method, head.target);
        if (asked?.kind === 'retry' && body === undefined && header !== undefined) {
          got.stream.reset(1, 'asked again with a log-in');
          head.fields = [
            ...fields.filter(([name]) => name !== 'authorization'),
            ['authorization', header],
          ];
          got = await send();
        } else if (asked?.kind === 'ask' && isPersonal(request)) {
          got.stream.reset(1, 'a log-in is asked for');
          return loginPage(await options.look(), { origin, ...asked, target: head.target });
        }
      }
      if (request.mode === 'navigate') await hints.learn(got.fields);
      const { clearCache, clearCookies } = siteDataToClear(got.fields);
      if (clearCache) await cache.clear();
      if (clearCookies) await cookies.clear();
      if (hasCredentials) await takeCookies(url, got, cookieContext(facts), clientId);
      source = await verdict.settle(sourceOf(got, method));
    }
    source = trace.follow(source);
    if (page) source = page.answer(source);
    try {
      return await createPageResponse({
        source,
        download,
        maxBytes: isScripted(facts) && page?.isPaced !== true ? maxScriptedBytes : Infinity,
        runtime:
          request.mode === 'navigate'
            ? createRuntimeScript({
                source: runtime.source,
                needs: { ...needs, scriptHash: runtime.cspHash },
                cookies: await cookies.visible(),
              })
            : undefined,
        worker: WORKERS.has(request.destination)
          ? { source: runtime.workerSource, needs }
          : undefined,
      });
    } catch (error) {
      logger.warn('response.failed', { code: isAppError(error) ? error.code : 'unknown' });
      source.cancel('the response could not be passed on');
      throw error;
    }
  }

  async function takeCookies(
    url: URL,
    { fields }: ExchangeResponse,
    context: CookieContext,
    clientId: string,
  ): Promise<void> {
    const values = fields.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
    if (values.length > 0) await cookies.storeFromResponse(url, values, context, clientId);
  }
}

/** A navigation of a tab that can be repeated after a dialog. */
function isPersonal({ mode, destination, method }: Request): boolean {
  return mode === 'navigate' && destination === 'document' && method === 'GET';
}

/** What decides about `SameSite` cookies (RFC 6265bis §5.6.7.1, §5.8.3). */
function cookieContext(facts: RequestFacts): CookieContext {
  return {
    sameSite: initiatorSite(facts) !== 'cross-site',
    navigation: facts.destination === 'document',
    method: facts.method,
  };
}

function requestFacts(request: Request): RequestFacts {
  const { method, url, mode, destination, referrer, referrerPolicy } = request;
  return { method, url, mode, destination, referrer, referrerPolicy };
}

/** Browsers keep such a body in memory until script reads it; others go to disk or to a decoder. */
function isScripted({ mode, destination }: RequestFacts): boolean {
  return mode !== 'navigate' && destination === '';
}

/** RFC 9112 §3.2.1. URLs keep `\` in queries, which some servers take for a path separator. */
function originForm(url: URL): string {
  return withoutFragment(url).slice(url.origin.length).replaceAll('\\', '%5C');
}
