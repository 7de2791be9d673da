/** Messages from pages and from the loader: parsed, then given to the part they are for. */
import type { Logger } from '@postern/shared/log';
import { parseLoaderRequest, type LoaderReply } from '../messages/loader.ts';
import { pageMessageSchema, type WorkerMessage } from '../messages/page.ts';
import { STATUS_PATH } from '../messages/status.ts';
import type { AppWorkers } from './app-worker/app-workers.ts';
import type { TokenSource } from './auth/token-source.ts';
import type { SignIn } from './auth/sign-in.ts';
import type { CookieSync } from './cookies/cookie-sync.ts';
import type { Farewells } from './farewells.ts';
import type { PageRequests } from './fetch/page-requests.ts';
import { codeOf } from './pages/error-page.ts';
import type { SocketTable } from './websocket/socket-table.ts';

export interface PageMessagesOptions {
  origin: string;
  /** Differs for each life of the worker. */
  instance: string;
  tokens: TokenSource;
  signIn: SignIn;
  cookies: CookieSync;
  sockets: SocketTable;
  requests: PageRequests;
  farewells: Farewells;
  appWorkers: Pick<AppWorkers, 'take'>;
  /** Reads again which application this origin is; throws when there is none. */
  refreshApplication(): Promise<unknown>;
  /** Connects ahead of the first request. */
  warmUp(): void;
  /** A status page gave a port for reports. Never rejects. */
  watchStatus(clientId: string, port: MessagePort): Promise<void>;
  /** The person does not want to sign in now. */
  declineSignIn(): void;
  /** A good moment, if nothing is open, to let a newer worker take over. */
  onAlive(): void;
  logger: Logger;
}

export interface PageMessages {
  /** Resolves when the message is dealt with. Never rejects. */
  take(event: ExtendableMessageEvent): Promise<void>;
}

export function createPageMessages(options: PageMessagesOptions): PageMessages {
  const { origin, instance, tokens, signIn, cookies, sockets, requests, farewells, appWorkers } =
    options;
  const { logger } = options;
  return {
    async take({ data, source, ports, origin: sender }) {
      const [port] = ports;
      // A page that is just going has no client any more, but must still be heard.
      if (sender === origin && (requests.take(data, port) || (await farewells.take(data)))) return;
      if (!isOwnClient(source, origin)) return;
      const loaderRequest = parseLoaderRequest(data);
      if (loaderRequest !== undefined) {
        port?.postMessage(await prepare(loaderRequest.url));
        return;
      }
      if (await appWorkers.take(data, source, ports)) return;
      const parsed = pageMessageSchema.safeParse(data);
      if (!parsed.success) return;
      const message = parsed.data;
      switch (message.type) {
        case 'postern.alive':
          source.postMessage({ type: 'postern.pong', instance } satisfies WorkerMessage);
          options.onAlive();
          return;
        case 'postern.line':
          if (port !== undefined) farewells.listen(port);
          return;
        case 'postern.cookie':
          await cookies.storeFromPage(source.id, new URL(source.url), message);
          return;
        case 'postern.cookies-seen':
          cookies.seen(source.id, message.version);
          return;
        case 'postern.watch-status':
          if (port !== undefined && new URL(source.url).pathname === STATUS_PATH)
            await options.watchStatus(source.id, port);
          return;
        case 'postern.sign-in-declined':
          options.declineSignIn();
          return;
        case 'postern.websocket':
          if (port !== undefined) sockets.open(source.id, port, message);
      }
    },
  };

  async function prepare(url: string): Promise<LoaderReply> {
    try {
      await options.refreshApplication();
      if (!(await tokens.hasSession())) {
        return { kind: 'sign-in', authorizeUrl: (await signIn.begin(url)).href };
      }
      options.warmUp();
      return { kind: 'ready' };
    } catch (error) {
      const code = codeOf(error);
      logger.warn('prepare.failed', { code, error });
      return { kind: 'error', code };
    }
  }
}

function isOwnClient(source: ExtendableMessageEvent['source'], origin: string): source is Client {
  return source instanceof Client && new URL(source.url).origin === origin;
}
