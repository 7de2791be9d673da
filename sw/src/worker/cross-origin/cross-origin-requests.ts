/**
 * Requests of pages here to another application. What they may do and see there is decided by that
 * application's connector (docs/protocol.md, "Cross-origin requests"); this says how they were made.
 */
import type { Field } from '@postern/shared/protocol/http';
import type { SecureSession } from '@postern/shared/protocol/session';
import type { Resumption, WorkerMessage } from '../../messages/page.ts';
import { acceptEncoding } from '../fetch/content-coding.ts';
import { exchange, type ExchangeResponse } from '../fetch/exchange.ts';
import { createPageResponse } from '../fetch/page-response.ts';
import { openRequestBody } from '../fetch/request-body.ts';
import { buildRequestFields } from '../fetch/request-fields.ts';
import { fieldValue } from '../fetch/response-fields.ts';
import { sourceOf } from '../fetch/response-source.ts';
import { createStreamQueue } from '../fetch/stream-queue.ts';
import { codeOf } from '../pages/error-page.ts';
import type { ThirdPartyCookies } from './third-party-cookies.ts';

const FIELD = 'postern-cross-origin';
/** The gateway's own, at every application: nothing of the application is there. */
const RESERVED = /^\/(?:\.postern\/|postern-sw\.js$)/;

export interface CrossOriginRequestsOptions {
  session: (origin: string) => Promise<SecureSession>;
  cookies: ThirdPartyCookies;
  /** An answer that script cannot look into, as a request without CORS gives. */
  opaque: () => Promise<Response>;
  /** Tells a page's console why it got no answer. */
  tell: (clientId: string, message: WorkerMessage) => Promise<void>;
  navigator: { userAgent: string; languages: readonly string[] };
  /** Longest body that script may fetch. */
  maxScriptedBytes: number;
}

export interface CrossOriginRequests {
  /** Never rejects: a request that may not be made is a network error. */
  fetch(request: Request, clientId: string): Promise<Response>;
  /** Rejects with the reason. */
  openWebSocket(
    url: URL,
    protocols: readonly string[],
    resume: Resumption | undefined,
  ): Promise<ExchangeResponse>;
}

export function createCrossOriginRequests(
  options: CrossOriginRequestsOptions,
): CrossOriginRequests {
  const { session, cookies, opaque, tell, navigator, maxScriptedBytes } = options;
  const { userAgent, languages } = navigator;
  const streams = createStreamQueue();
  const coding = acceptEncoding();
  const way = (url: URL) => ({ session: () => session(url.origin), streams });

  return {
    async fetch(request, clientId) {
      try {
        return await answer(request, clientId);
      } catch (error) {
        await withheld(clientId, request, codeOf(error));
        return Response.error();
      }
    },

    async openWebSocket(url, protocols, resume) {
      const httpUrl = new URL(url.href.replace(/^ws/, 'http'));
      const cookie = await cookies.header(httpUrl, 'GET');
      const fields: Field[] = [
        [FIELD, 'cors include follow empty'],
        ['user-agent', userAgent],
        ...(cookie === undefined ? [] : [['cookie', cookie] as const]),
        ...(protocols.length === 0
          ? []
          : [['sec-websocket-protocol', protocols.join(', ')] as const]),
        ['postern-resume', resume ? `${resume.id} ${resume.received}` : 'new'],
      ];
      const head = { method: 'GET', target: targetOf(httpUrl), fields, webSocket: true };
      const got = await exchange(way(httpUrl), head);
      await takeCookies(httpUrl, 'GET', got);
      return got;
    },
  };

  async function answer(request: Request, clientId: string): Promise<Response> {
    const url = new URL(request.url);
    if (RESERVED.test(url.pathname)) return Response.error();
    const { method, mode, destination, referrer, referrerPolicy } = request;
    const isCredentialed = request.credentials === 'include';
    const body = await openRequestBody(request);
    const how = [
      mode === 'cors' ? 'cors' : 'no-cors',
      isCredentialed ? 'include' : 'omit',
      request.redirect,
      destination === '' ? 'empty' : destination,
    ];
    const fields = buildRequestFields({
      ...{ method, url: url.href, mode, destination, referrer, referrerPolicy },
      ...{ userAgent, languages, acceptEncoding: coding, headers: request.headers },
      cookie: isCredentialed ? await cookies.header(url, method) : undefined,
      bodyLength: body?.length,
    });
    fields.push([FIELD, how.join(' ')]);
    const head = { method, target: targetOf(url), fields, webSocket: false };
    const got = await exchange(way(url), head, body);
    await takeCookies(url, method, got);

    const outcome = fieldValue(got.fields, FIELD);
    if (outcome !== undefined) {
      void got.stream.read().catch(() => undefined);
      // Requests of script without CORS, beacons among them, are answered by nothing that could be read.
      if (outcome === 'opaque' && destination === '') return opaque();
      // With `redirect: 'manual'` the browser makes an opaque redirect of it.
      if (outcome === 'redirect') return new Response(null, { status: 302 });
      await withheld(clientId, request, outcome);
      return Response.error();
    }
    const source = sourceOf(got, method);
    const isScripted = destination === '';
    const response = await createPageResponse({
      source,
      maxBytes: isScripted ? maxScriptedBytes : Infinity,
      runtime: undefined,
      download: undefined,
    }).catch((error: unknown) => {
      source.cancel('the response could not be passed on');
      throw error;
    });
    // The connector let it pass; pages that ask for it of all they embed need to see that.
    if (mode !== 'cors') response.headers.set('cross-origin-resource-policy', 'cross-origin');
    return response;
  }

  async function takeCookies(
    url: URL,
    method: string,
    { fields }: ExchangeResponse,
  ): Promise<void> {
    const values = fields.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
    await cookies.store(url, method, values);
  }

  function withheld(clientId: string, { url }: Request, reason: string): Promise<void> {
    return tell(clientId, {
      type: 'postern.withheld',
      url: url.split(/[?#]/, 1)[0] ?? '',
      reason,
    }).catch(() => undefined);
  }
}

function targetOf({ pathname, search }: URL): string {
  return pathname + search.replaceAll('\\', '%5C');
}
