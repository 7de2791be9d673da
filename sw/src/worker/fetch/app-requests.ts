/** Requests for the application: from the page's `fetch` event to the response it gets. */
import type { CookieContext } from '@postern/shared/cookies';
import { isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { Field } from '@postern/shared/protocol/http';
import type { SecureSession } from '@postern/shared/protocol/session';
import { parseDownload } from '../../messages/request-tag.ts';
import type { Resumption } from '../../messages/page.ts';
import type { CookieSync } from '../cookies/cookie-sync.ts';
import { createRuntimeScript } from '../documents/runtime-script.ts';
import type { RequestLog, RequestTrace } from '../diagnostics/request-log.ts';
import { WORKER_RUNTIME_PATH, type WorkerRuntime } from '../documents/worker-script.ts';
import { siteDataToClear } from './clear-site-data.ts';
import { acceptEncoding } from './content-coding.ts';
import { type HttpCache, withoutFragment } from '../cache/http-cache.ts';
import type { HttpLogins } from '../http-auth/http-logins.ts';
import { loginPage } from '../http-auth/login-page.ts';
import type { Look } from '../pages/look.ts';
import type { AppWorkerState } from '../../messages/app-worker.ts';
import { exchange, type ExchangeResponse } from './exchange.ts';
import { initiatorSite, type RequestFacts } from './initiator.ts';
import { createPageResponse } from './page-response.ts';
import type { PageRequests } from './page-requests.ts';
import { openRequestBody, type RequestBody } from './request-body.ts';
import type { ClientHints } from './client-hints.ts';
import { buildRequestFields, cacheModeFields } from './request-fields.ts';
import { sourceOf, type ResponseSource } from './response-source.ts';
import { createStreamQueue } from './stream-queue.ts';

const WORKERS: ReadonlySet<RequestDestination> = new Set(['worker', 'sharedworker']);

/** Answered by a response that never ends; the page runtime asks for it. */
export const HOLD_PATH = '/.postern/hold';

export interface AppRequestsOptions {
  origin: string;
  /** With `mayAsk` it waits for a new sign-in where the old one ended. */
  session: (mayAsk: boolean, traceparent: string, signal?: AbortSignal) => Promise<SecureSession>;
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

/** What a request of our own making has besides. */
export interface AskOptions {
  /** Header fields that no page could set. */
  fields?: Field[];
  destination?: string;
  /** In the place of the request's own. */
  body?: RequestBody | undefined;
}

export interface AppRequests {
  /** Rejects with the reason when there is no answer of the application. */
  fetch(request: Request, clientId: string): Promise<Response>;
  /** The application's answer before it becomes a page's; or a page of ours in its place. */
  ask(request: Request, clientId: string, more?: AskOptions): Promise<ResponseSource | Response>;
  /**
   * The answer for whoever made `request`.
   * @param appWorkers state for a document's first script
   * @param workerRuntime goes before a worker's script, in the place of the usual one
   */
  present(
    request: Request,
    source: ResponseSource,
    appWorkers?: AppWorkerState,
    workerRuntime?: Pick<WorkerRuntime, 'source' | 'path'>,
  ): Promise<Response>;
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
    fetch: async (request, clientId) => {
      const answer = await ask(request, clientId);
      return answer instanceof Response ? answer : present(request, answer);
    },
    ask,
    present,

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
      const answer = await exchange({ session: (parent) => session(false, parent), streams }, head);
      await takeCookies(httpUrl, answer, cookieContext(facts), '');
      return answer;
    },
  };

  async function ask(
    request: Request,
    clientId: string,
    more: AskOptions = {},
  ): Promise<ResponseSource | Response> {
    const trace = options.log.begin(request.method, withoutFragment(new URL(request.url)));
    try {
      return await follow(request, clientId, more, trace);
    } catch (error) {
      trace.failed(isAppError(error) ? error.code : 'ERR_SW_INTERNAL');
      throw error;
    }
  }

  async function follow(
    request: Request,
    clientId: string,
    more: AskOptions,
    trace: RequestTrace,
  ): Promise<ResponseSource | Response> {
    const url = new URL(request.url);
    const facts = {
      ...requestFacts(request),
      ...(more.destination !== undefined && {
        destination: more.destination as RequestDestination,
      }),
    };
    const page = pages.find(url.hash);
    const hasCredentials = request.credentials !== 'omit';
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
    const body = hasBody
      ? (more.body ?? (await page?.body()) ?? (await openRequestBody(request)))
      : undefined;
    const fields = buildRequestFields({
      ...facts,
      ...common,
      headers: [...request.headers, ...(more.fields ?? [])],
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
      const way = {
        session: (traceparent: string) => session(mayAsk, traceparent, page?.signal),
        streams,
        trace,
      };
      const send = () => exchange(way, head, body, page?.signal);
      const mayLogIn = hasCredentials && !fields.some(([name]) => name === 'authorization');
      const sent = mayLogIn ? await logins.headerFor(method, head.target) : undefined;
      if (sent !== undefined) fields.push(['authorization', sent]);
      let answer = await send();
      if (answer.status === 401 && mayLogIn) {
        const asked = logins.challenged(answer.fields, head.target, sent !== undefined);
        const header = await logins.headerFor(method, head.target);
        if (asked?.kind === 'retry' && body === undefined && header !== undefined) {
          answer.stream.reset(1, 'asked again with a log-in');
          head.fields = [
            ...fields.filter(([name]) => name !== 'authorization'),
            ['authorization', header],
          ];
          answer = await send();
        } else if (asked?.kind === 'ask' && isPersonal(request)) {
          answer.stream.reset(1, 'a log-in is asked for');
          return loginPage(await options.look(), { origin, ...asked, target: head.target });
        }
      }
      if (request.mode === 'navigate') await hints.learn(answer.fields);
      const { clearCache, clearCookies } = siteDataToClear(answer.fields);
      if (clearCache) await cache.clear();
      if (clearCookies) await cookies.clear();
      if (hasCredentials) await takeCookies(url, answer, cookieContext(facts), clientId);
      source = await verdict.settle(sourceOf(answer, method));
    }
    return trace.follow(source);
  }

  async function present(
    request: Request,
    answer: ResponseSource,
    appWorkers?: AppWorkerState,
    workerRuntime = { source: runtime.workerSource, path: WORKER_RUNTIME_PATH },
  ): Promise<Response> {
    const { hash } = new URL(request.url);
    const facts = requestFacts(request);
    const page = pages.find(hash);
    const download = request.mode === 'navigate' ? parseDownload(hash) : undefined;
    const source = page?.answer(answer) ?? answer;
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
                appWorkers,
              })
            : undefined,
        worker: WORKERS.has(request.destination) ? { ...workerRuntime, needs } : undefined,
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
