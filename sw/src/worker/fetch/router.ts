/** Which part answers a `fetch` event. */
import { AppError, isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { STATUS_PATH } from '../../messages/status.ts';
import { CALLBACK_PATH } from '../auth/oauth.ts';
import { SIGNED_IN_PATH, type SignIn } from '../auth/sign-in.ts';
import type { TokenSource } from '../auth/token-source.ts';
import { codeOf, errorPage, statusFor } from '../pages/error-page.ts';
import type { HttpLogins } from '../http-auth/http-logins.ts';
import { LOGIN_PATH, readLoginForm } from '../http-auth/login-page.ts';
import type { Look } from '../pages/look.ts';
import { signedInPage } from '../pages/signed-in-page.ts';
import type { AppResponder, FetchIds } from '../app-worker/responder.ts';
import { HOLD_PATH } from './app-requests.ts';
import { silentStream } from './response-body.ts';
import { workerRuntimeScript, WORKER_RUNTIME_PATH } from '../documents/worker-script.ts';
import type { CookieSync } from '../cookies/cookie-sync.ts';
import { SOCKETS_PATH, type HttpPorts } from '../websocket/http-ports.ts';

const SIGN_OUT_PATH = '/.postern/signout';
/** Opened by the dialog on a page whose session ended. */
const SIGN_IN_PATH = '/.postern/sign-in';
const OWN_PREFIX = '/.postern/';
const WORKER_PATH = '/postern-sw.js';
/** Asked for by web workers to keep this worker alive. */
const ALIVE_PATH = '/.postern/alive';
/** Tells of a cookie that a page wrote, ahead of the page's next request. */
const COOKIE_PATH = '/.postern/cookie';
/** Files of ours that the gateway serves. */
const NETWORK_PATHS = /^\/\.postern\/(?:assets\/|branding\/|config\.json$)/;

/** A session that ends sooner than this after its sign-in is not answered by yet another sign-in. */
const LOOP_MS = 15_000;

export interface FetchRouterOptions {
  origin: string;
  app: AppResponder;
  /** Answers requests to other origins that may be applications; `undefined` leaves one to the browser. */
  elsewhere: (url: URL, request: Request, clientId: string) => Promise<Response> | undefined;
  cookies: CookieSync;
  /** WebSockets of web workers. */
  socketPorts: HttpPorts;
  /** Text of the runtime for web workers. */
  workerRuntime: string;
  /** For the application's own HTTP authentication. */
  logins: HttpLogins;
  tokens: TokenSource;
  signIn: SignIn;
  /** Ends the sign-in that a callback answers; where to go then. */
  completeSignIn: (callback: URL) => Promise<string>;
  signOut: () => Promise<URL>;
  status: () => Promise<Response>;
  /** Where whoever may not open the application asks for it; `undefined` when unknown. Never rejects. */
  askUrl: () => Promise<string | undefined>;
  /** How pages of ours look to whoever uses this browser. Never rejects. */
  look: () => Promise<Look>;
  logger: Logger;
  nowMs: () => number;
}

export interface FetchRouter {
  /** The answer, or `undefined` to leave the request to the browser. Never rejects. */
  respond(request: Request, ids: FetchIds): Promise<Response> | undefined;
}

export function createFetchRouter(options: FetchRouterOptions): FetchRouter {
  const {
    origin,
    app,
    elsewhere,
    cookies,
    socketPorts,
    workerRuntime,
    logins,
    tokens,
    signIn,
    completeSignIn,
    signOut,
    status,
    look,
    askUrl,
    logger,
    nowMs,
  } = options;
  return {
    respond(request, { clientId, resultingClientId }) {
      const url = new URL(request.url);
      if (url.origin !== origin) return elsewhere(url, request, clientId);
      if (url.pathname === WORKER_PATH) return undefined;
      if (NETWORK_PATHS.test(url.pathname)) return undefined;
      const answer = url.pathname.startsWith(OWN_PREFIX)
        ? ownPath(url, request, clientId)
        : app.respond(request, { clientId, resultingClientId });
      return answer.catch((error: unknown) => failure(error, request));
    },
  };

  async function ownPath(url: URL, request: Request, clientId: string): Promise<Response> {
    if (url.pathname === HOLD_PATH) return new Response(silentStream());
    if (url.pathname === COOKIE_PATH) {
      const page = request.referrer === '' ? origin : request.referrer;
      cookies.storeFromRequest(
        clientId,
        new URL(page),
        request.headers.get('postern-cookie') ?? '',
      );
      return new Response(null, { status: 204 });
    }
    if (url.pathname === ALIVE_PATH) return new Response(null, { status: 204 });
    if (url.pathname === WORKER_RUNTIME_PATH) return workerRuntimeScript(workerRuntime);
    const ofAppWorker = app.respondOwn(url);
    if (ofAppWorker !== undefined) return ofAppWorker;
    if (url.pathname.startsWith(SOCKETS_PATH)) return socketPorts.respond(request, clientId);
    // The rest is for people: nothing a script could fetch.
    if (isTabNavigation(request)) {
      switch (url.pathname) {
        case CALLBACK_PATH:
          return redirect(await completeSignIn(url));
        case SIGN_IN_PATH:
          return redirect((await signIn.begin(origin + SIGNED_IN_PATH)).href);
        case LOGIN_PATH:
          return logIn(request);
        case SIGNED_IN_PATH:
          return signedInPage(await look());
        case SIGN_OUT_PATH:
          return redirect((await signOut()).href);
        case STATUS_PATH:
          return status();
      }
    }
    return new Response(null, { status: 404 });
  }

  /** A person answered the dialog of `loginPage`. */
  async function logIn(request: Request): Promise<Response> {
    const form = await readLoginForm(request, origin);
    if (form === undefined) return redirect(`${origin}/`);
    logins.keep(form.realm, form);
    return redirect(origin + form.target);
  }

  async function failure(error: unknown, request: Request): Promise<Response> {
    const code = codeOf(error);
    logger.warn('request.failed', {
      code,
      mode: request.mode,
      ...(isAppError(error) ? {} : { error }),
    });
    if (request.mode !== 'navigate') return subresourceFailure(code, request);
    const isCallback = new URL(request.url).pathname === CALLBACK_PATH;
    const isSignedOut = code === 'ERR_SESSION_ENDED' || code === 'ERR_TOKEN_INVALID';
    if (!isSignedOut || isCallback || !isTabNavigation(request)) {
      const retryUrl = isCallback ? `${origin}/` : request.url;
      return errorPage(await look(), error, retryUrl, await askUrl());
    }
    try {
      return redirect(await startSignIn(request));
    } catch (cause) {
      return errorPage(await look(), cause, request.url);
    }
  }

  async function startSignIn(request: Request): Promise<string> {
    const signedInAtMs = (await tokens.signedInAtMs()) ?? -Infinity;
    if (nowMs() - signedInAtMs < LOOP_MS) {
      await tokens.forget();
      throw new AppError('ERR_SIGN_IN_LOOP', 'the session ended right after the sign-in');
    }
    return (await signIn.begin(request.url)).href;
  }
}

/** A request that script made: told of lost access in a status, of anything else as a failed fetch. */
function subresourceFailure(code: string, request: Request): Response {
  const status = statusFor(code);
  if (request.destination !== '' || status === 503) return Response.error();
  return new Response(JSON.stringify({ title: code, status, code }), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}

function isTabNavigation(request: Request): boolean {
  return request.mode === 'navigate' && request.destination === 'document';
}

function redirect(url: string): Response {
  return new Response(null, {
    status: 303,
    headers: { location: url, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  });
}
