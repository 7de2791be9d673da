/** Puts the parts of the worker together. */
import { cspHash, source } from 'virtual:postern-runtime';
import {
  appWorkerSource,
  source as workerSource,
  starterSource,
} from 'virtual:postern-worker-runtime';
import { signEs256 } from '@postern/shared/crypto';
import { chooseLanguage } from '@postern/shared/language';
import { createKeySet, parseVerificationKeys } from '@postern/shared/grants';
import type { Logger } from '@postern/shared/log';
import { ServiceConnection, type GrantSource } from '@postern/shared/protocol/client';
import { connectSecure } from '@postern/shared/protocol/handshake';
import { AppWorkers } from './app-worker/app-workers.ts';
import { loadAppKey, type AppKey } from './auth/app-key.ts';
import { declaredPosture } from './auth/declared-posture.ts';
import { createApplicationSource } from './auth/application.ts';
import { createOAuthClient, type OAuthClient } from './auth/oauth.ts';
import { SignInPrompt } from './auth/sign-in-prompt.ts';
import { noteUser } from './auth/user-change.ts';
import { SignIn } from './auth/sign-in.ts';
import { TokenSource } from './auth/token-source.ts';
import { EntryStore } from './cache/entry-store.ts';
import { HttpCache } from './cache/http-cache.ts';
import { CookieSync } from './cookies/cookie-sync.ts';
import { ApplicationOrigins } from './cross-origin/application-origins.ts';
import { CrossOriginGrants } from './cross-origin/cross-origin-grants.ts';
import { createCrossOriginRequests } from './cross-origin/cross-origin-requests.ts';
import { createElsewhere } from './cross-origin/elsewhere.ts';
import { OtherApplications } from './cross-origin/other-applications.ts';
import { ThirdPartyCookies } from './cross-origin/third-party-cookies.ts';
import { createAppRequests } from './fetch/app-requests.ts';
import { ClientHints, type HintingNavigator } from './fetch/client-hints.ts';
import { HttpLogins } from './http-auth/http-logins.ts';
import { PageRequests } from './fetch/page-requests.ts';
import { MAX_UNPACED_BYTES } from './fetch/response-body.ts';
import { createFetchRouter, type FetchRouter } from './fetch/router.ts';
import { Farewells } from './farewells.ts';
import { createPageMessages, type PageMessages } from './page-messages.ts';
import type { Look } from './pages/look.ts';
import { RequestLog } from './diagnostics/request-log.ts';
import { StatusFeed } from './diagnostics/status-feed.ts';
import { statusPage } from './pages/status-page.ts';
import { createStore } from './storage/store.ts';
import { DialGrants } from './transport/dial-grants.ts';
import { openEdge } from './transport/websocket-pipe.ts';
import { HttpPorts } from './websocket/http-ports.ts';
import { SocketTable } from './websocket/socket-table.ts';

/** Sent by an active worker to a waiting one when nothing would be cut off. */
const TAKE_OVER = 'postern.take-over';

export interface Worker {
  router: FetchRouter;
  messages: PageMessages;
  /** True if the event told this worker to take over from the active one. */
  takeOver(event: ExtendableMessageEvent): boolean;
}

export function createWorker(scope: ServiceWorkerGlobalScope, logger: Logger): Worker {
  const { origin, host } = scope.location;
  const nowMs = (): number => Date.now();
  const instance = crypto.randomUUID();
  const fetch = scope.fetch.bind(scope);
  const sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, delayMs));
  const store = createStore();
  const application = createApplicationSource({ store, origin, fetch });

  const appKey = shared<AppKey>(() => loadAppKey(store));
  const oauth = shared<OAuthClient>(async () =>
    createOAuthClient({
      application: await application.get(),
      keyPair: (await appKey.get()).pair,
      fetch,
      nowMs,
    }),
  );
  const tokens = new TokenSource({
    store,
    client: oauth.get,
    exclusively: (task) => scope.navigator.locks.request('postern-renewal', task),
    nowMs,
  });
  let userChanged = false;
  const signIn = new SignIn({
    store,
    origin,
    client: async () => {
      await application.fresh();
      oauth.forget();
      return oauth.get();
    },
    tokens,
    onToken: async (token) => {
      userChanged = await noteUser(store, token, forgetUser);
    },
    nowMs,
  });
  const cookies = new CookieSync({
    store,
    origin,
    pages: () => scope.clients.matchAll({ type: 'window' }),
    nowMs,
  });
  const apiUrl = async (): Promise<string> => (await application.get()).apiUrl;
  const grantOptions = {
    tokens,
    client: oauth.get,
    apiUrl,
    declared: () => declaredPosture(scope.navigator),
    nowMs,
  };
  const grants = new DialGrants({ ...grantOptions, store });
  const connect = (
    source: GrantSource,
    tokenSource: Pick<TokenSource, 'token' | 'renew'>,
  ): ServiceConnection =>
    new ServiceConnection({
      grants: source,
      tokens: tokenSource,
      openEdge: async (url, routerId, token, signal) => {
        const { privateKey, publicPoint } = await appKey.get();
        const credentials = {
          mode: 'browser',
          token,
          publicKey: publicPoint,
          sign: (bytes: Uint8Array) => signEs256(privateKey, bytes),
        } as const;
        return openEdge({ url, routerId, credentials, logger, signal });
      },
      secure: async (circuit, grant, redial) =>
        connectSecure({
          circuit,
          serviceId: grant.service.id,
          keys: createKeySet(parseVerificationKeys(grant.keys)),
          dialGrant: grant.dialGrant,
          assertion: grant.assertion,
          key: await appKey.get(),
          resume: { redial, logger },
        }),
      onEnded: ({ code }) => {
        if (code === 'ERR_SESSION_ENDED') void forgetSession();
        else if (code.startsWith('ERR_ACCESS_') || code === 'ERR_GRANT_INVALID') {
          void source.forget();
        }
      },
      logger,
      nowMs,
      sleep,
    });
  const connection = connect(grants, tokens);
  const others = new OtherApplications((other) => {
    const rights = new CrossOriginGrants({ ...grantOptions, origin: other });
    return connect(rights, rights);
  });
  const look = async (): Promise<Look> => ({
    language: chooseLanguage(scope.navigator.languages),
    branding: (await application.get().catch(() => undefined))?.branding ?? {},
  });
  const cache = new HttpCache({
    entries: new EntryStore({ store, caches: scope.caches, origin, nowMs }),
  });
  const log = new RequestLog(() => performance.timeOrigin + performance.now());
  const feed = new StatusFeed({
    report: async () => ({
      application: (await application.get().catch(() => undefined))?.name ?? host,
      nowMs: nowMs(),
      signedIn: await tokens.summary(),
      openedSessions: connection.openedSessions,
      connection: connection.report(),
      requests: log.requests,
    }),
    measure: () => connection.measure(),
    nowMs,
    sleep,
  });
  log.onChange = () => feed.changed();
  const logins = new HttpLogins();
  const hints = new ClientHints({ store, navigator: scope.navigator as HintingNavigator });
  const pages = new PageRequests();
  const maxScriptedBytes = isChromium(scope) ? Infinity : MAX_UNPACED_BYTES;
  const app = createAppRequests({
    origin,
    session: (mayAsk, traceparent, signal) => {
      const connect = () => connection.session(traceparent);
      return mayAsk ? prompt.whenSignedIn(connect, signal) : connect();
    },
    cookies,
    cache,
    pages,
    logins,
    hints,
    runtime: { source, cspHash, workerSource },
    navigator: scope.navigator,
    log,
    look,
    maxScriptedBytes,
    logger,
  });
  const thirdPartyCookies = new ThirdPartyCookies({ store, nowMs });
  const crossOrigin = createCrossOriginRequests({
    session: (other) => prompt.whenSignedIn(() => others.session(other)),
    cookies: thirdPartyCookies,
    // Any answer of another origin will do: only a real one is opaque, and none can be read.
    opaque: async () => fetch(`${await apiUrl()}/jwks`, { mode: 'no-cors', credentials: 'omit' }),
    tell: async (clientId, message) => (await scope.clients.get(clientId))?.postMessage(message),
    navigator: scope.navigator,
    maxScriptedBytes,
  });
  const elsewhere = createElsewhere({
    origin,
    origins: new ApplicationOrigins({ fetch, apiUrl, nowMs }),
    requests: crossOrigin,
    fetch,
  });
  const appWorkers = new AppWorkers({
    scope,
    store,
    app,
    runtime: appWorkerSource,
    starterScript: starterSource,
    look,
    uploadOf: async ({ url }) => pages.find(new URL(url).hash)?.body(),
    hasSession: () => tokens.hasSession(),
    logger,
    nowMs,
  });
  const sockets = new SocketTable({
    host,
    open: (url, protocols, resume) => app.openWebSocket(url, protocols, resume),
    openElsewhere: (url, protocols, resume) => crossOrigin.openWebSocket(url, protocols, resume),
    isApplication: (url) => elsewhere.isApplication(url),
    instance,
    isOpen: async (clientId) => (await scope.clients.get(clientId)) !== undefined,
    logger,
  });

  const windows = () => scope.clients.matchAll({ type: 'window' });
  const prompt = new SignInPrompt({
    pages: windows,
    sleep,
  });

  /** Whatever the application left here for whoever is signed in. */
  async function forgetUser(): Promise<void> {
    connection.close();
    others.close();
    await appWorkers.clear();
    await cookies.clear();
    await thirdPartyCookies.clear();
    await hints.clear();
    await cache.clear();
    logins.clear();
    await store.delete('cookies');
    await grants.forgetSession();
  }

  async function completeSignIn(callback: URL): Promise<string> {
    const before = await windows();
    const target = await signIn.complete(callback);
    if (userChanged) {
      userChanged = false;
      prompt.declined();
      // Pages of somebody else show somebody else's data.
      await Promise.allSettled(before.map((page) => page.navigate(page.url)));
    } else await prompt.signedIn();
    return target;
  }

  async function forgetSession(): Promise<void> {
    others.close();
    await tokens.forget();
    await grants.forgetSession();
  }

  return {
    router: createFetchRouter({
      origin,
      elsewhere: (url, request, clientId) => elsewhere.respond(url, request, clientId),
      app: appWorkers,
      cookies,
      socketPorts: new HttpPorts(sockets),
      workerRuntime: workerSource,
      logins,
      tokens,
      signIn,
      completeSignIn,
      signOut: async () => {
        await forgetUser();
        await store.delete('session', 'signIns', 'appKey', 'user');
        appKey.forget();
        oauth.forget();
        return new URL('/signout', (await application.fresh()).loginOrigin);
      },
      askUrl: async () => {
        const known = await application.get().catch(() => undefined);
        if (!known) return undefined;
        const url = new URL('/', known.loginOrigin);
        url.searchParams.set('ask', new URL(origin).host);
        return url.href;
      },
      status: async () => statusPage(await look()),
      look,
      logger,
      nowMs,
    }),
    messages: createPageMessages({
      origin,
      instance,
      tokens,
      signIn,
      cookies,
      sockets,
      requests: pages,
      watchStatus: (clientId, port) => feed.watch(clientId, port),
      farewells: new Farewells({
        origin,
        requests: pages,
        send: async (request) => {
          if (new URL(request.url).origin !== origin) return;
          await (await app.fetch(request, '')).body?.cancel();
        },
        logger,
      }),
      appWorkers,
      declineSignIn: () => prompt.declined(),
      refreshApplication: () => application.refresh(),
      warmUp: () => void connection.session().catch(() => undefined),
      onAlive: () => {
        if (!connection.isBusy && !others.isBusy)
          scope.registration.waiting?.postMessage({ type: TAKE_OVER });
      },
      logger,
    }),
    takeOver: (event) => {
      const { data } = event as { data: unknown };
      const isAsked =
        typeof data === 'object' && data !== null && 'type' in data && data.type === TAKE_OVER;
      if (isAsked) event.waitUntil(scope.skipWaiting());
      return isAsked;
    },
  };
}

/** The engine that paces bodies by what the page reads; only it describes itself so. */
function isChromium({ navigator }: ServiceWorkerGlobalScope): boolean {
  return 'userAgentData' in navigator;
}

/** A value made once, at first use; a failure is not kept. */
function shared<T>(make: () => Promise<T>): { get: () => Promise<T>; forget: () => void } {
  let value: Promise<T> | undefined;
  return {
    get: () => {
      value ??= make().catch((error: unknown) => {
        value = undefined;
        throw error;
      });
      return value;
    },
    forget: () => void (value = undefined),
  };
}
