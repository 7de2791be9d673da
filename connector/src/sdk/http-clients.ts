/** Node's and undici's HTTP clients over connections to services: the host of a URL is a service's name. */
import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '@postern/shared/errors';
import { Agent, fetch as undiciFetch, type Dispatcher } from 'undici';

type Dial = (service: string) => Promise<Duplex>;

/** Connections that are kept to one service. */
const MAX_CONNECTIONS = 64;

export function createHttpAgent(dial: Dial, options: AgentOptions = {}): HttpAgent {
  return new ServiceAgent(dial, options);
}

class ServiceAgent extends HttpAgent {
  readonly #dial: Dial;

  constructor(dial: Dial, options: AgentOptions) {
    super({ keepAlive: true, maxSockets: MAX_CONNECTIONS, ...options });
    this.#dial = dial;
  }

  override createConnection(
    { host }: ClientRequestArgs,
    done?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#dial(host ?? '').then(
      (stream) => done?.(null, stream),
      (error: unknown) => done?.(error as Error, undefined as never),
    );
    return undefined;
  }
}

export function createDispatcher(dial: Dial): Dispatcher {
  return new Agent({
    connections: MAX_CONNECTIONS,
    connect: ({ hostname, protocol }, done) => {
      if (protocol !== 'http:') {
        // Encrypted to the host as it is; TLS within would ask for certificates of service names.
        done(new AppError('ERR_SDK_SCHEME', `services are asked by http:, not ${protocol}`), null);
        return;
      }
      dial(decodeURIComponent(hostname)).then(
        // What undici uses of a socket, a `StreamDuplex` has.
        (stream) => done(null, stream as never),
        (error: unknown) => done(error as Error, null),
      );
    },
  });
}

export function createFetch(dispatcher: Dispatcher): typeof undiciFetch {
  return (input, init) => undiciFetch(input, { ...init, dispatcher });
}
