/**
 * An identity provider that means harm: an HTTP server whose path names what it does to whoever asks
 * for its keys. `honest` is the one path that answers as it should.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export type Misdeed = (request: IncomingMessage, response: ServerResponse) => void;

export interface HostileIdp {
  readonly url: (path: string) => string;
  /** Requests seen, by path. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

export interface HostileKeys {
  /** JWK set that verifies the genuine token. */
  readonly honest: { keys: object[] };
  /** The public key alone, with `kid`. */
  readonly jwk: Record<string, unknown>;
  readonly privateJwk: Record<string, unknown>;
  readonly strangerJwk: Record<string, unknown>;
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Misdeed => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
};
const redirect =
  (status: number, location: string): Misdeed =>
  (_request, response) => {
    response.writeHead(status, { location }).end();
  };

/** Every misdeed by name. None of them may lead to keys that are believed. */
export function misdeeds({
  honest,
  jwk,
  privateJwk,
  strangerJwk,
}: HostileKeys): Record<string, Misdeed> {
  const text = JSON.stringify(honest);
  const big = JSON.stringify({ filler: 'x'.repeat(200_000), ...honest });
  return {
    'says-nothing': () => undefined,
    'stops-after-the-head': (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    },
    'stops-in-the-body': (_request, response) => {
      response.writeHead(200).write(text.slice(0, 20));
    },
    'drips-a-byte-at-a-time': (_request, response) => {
      response.writeHead(200);
      let at = 0;
      const timer = setInterval(() => response.write(text.charAt(at++ % text.length)), 20);
      response.on('close', () => clearInterval(timer));
    },
    'never-ends': (_request, response) => {
      response.writeHead(200).write('{"keys":[');
      const more = (): void => {
        while (!response.destroyed && response.write('{},'.repeat(4096)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    },
    'is-too-big': json(big),
    'is-too-big-and-says-so': (_request, response) => {
      response.writeHead(200, { 'content-length': String(1 << 30) }).write('{');
    },
    'says-more-than-it-sends': (_request, response) => {
      response.writeHead(200, { 'content-length': String(text.length + 10) });
      response.write(text);
      response.socket?.end();
    },
    'cuts-the-body-short': (_request, response) => {
      response.writeHead(200, { 'content-length': String(text.length) }).write(text.slice(0, 30));
      response.socket?.destroy();
    },
    resets: (request) => request.socket.resetAndDestroy(),
    closes: (request) => request.socket.destroy(),
    'speaks-no-http': (request) => request.socket.end('220 mail.example ESMTP\r\n'),
    'sends-endless-heads': (request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n');
      request.socket.end(`x: ${'y'.repeat(100_000)}\r\n\r\n${text}`);
    },
    'switches-protocols': (request) => {
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: evil\r\n\r\n');
    },
    'sends-two-lengths': (request) => {
      request.socket.end(
        `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
      );
    },
    'gzip-bomb': (_request, response) => {
      response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(50_000_000)));
    },
    'gzip-unasked': (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
    },
    'redirect-301': redirect(301, '/honest'),
    'redirect-302': redirect(302, '/honest'),
    'redirect-303': redirect(303, '/honest'),
    'redirect-307': redirect(307, '/honest'),
    'redirect-308': redirect(308, '/honest'),
    'redirect-to-metadata': redirect(302, 'http://169.254.169.254/latest/meta-data/'),
    'redirect-to-itself': redirect(302, '/redirect-to-itself'),
    'redirect-to-a-file': redirect(302, 'file:///etc/passwd'),
    'status-201': json(honest, 201),
    'status-204': (_request, response) => response.writeHead(204).end(),
    'status-206': json(honest, 206),
    'status-400': json(honest, 400),
    'status-401': json(honest, 401, { 'www-authenticate': 'Basic realm="give me"' }),
    'status-404': json(honest, 404),
    'status-500': json(honest, 500),
    empty: json(''),
    html: json('<!doctype html><title>Log in</title>'),
    'an-array': json([jwk]),
    null: json('null'),
    'a-number': json('7'),
    'keys-missing': json({}),
    'keys-no-array': json({ keys: { 0: jwk } }),
    'keys-of-nulls': json({ keys: [null, jwk] }),
    'no-keys': json({ keys: [] }),
    'not-utf-8': (_request, response) => response.end(Buffer.from([0xff, 0xfe, 0x7b, 0x7d])),
    'nested-deeply': json(`${'['.repeat(20_000)}${']'.repeat(20_000)}`),
    'a-stranger-s-key': json({ keys: [{ ...strangerJwk, kid: jwk['kid'] }] }),
    'the-same-kid-twice': json({ keys: [{ ...strangerJwk, kid: jwk['kid'] }, jwk] }),
    'a-flood-of-keys': json({
      keys: Array.from({ length: 300 }, (_, n) => ({ ...strangerJwk, kid: `flood-${n}` })),
    }),
    'a-symmetric-key': json({
      keys: [{ kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAA', kid: jwk['kid'], alg: 'HS256' }],
    }),
    'a-private-key': json({ keys: [privateJwk] }),
    'a-key-for-encryption': json({ keys: [{ ...jwk, use: 'enc' }] }),
    'a-key-that-may-not-verify': json({ keys: [{ ...jwk, key_ops: ['encrypt'] }] }),
    'a-key-of-another-algorithm': json({ keys: [{ ...jwk, alg: 'RS256' }] }),
    'a-point-off-the-curve': json({ keys: [{ ...jwk, y: jwk['x'] }] }),
    'a-key-cut-short': json({ keys: [{ ...jwk, x: String(jwk['x']).slice(0, 20) }] }),
    'a-key-of-numbers': json({ keys: [{ ...jwk, x: 7, y: 7 }] }),
    'a-key-on-another-curve': json({ keys: [{ ...jwk, crv: 'P-384' }] }),
    'a-prototype-for-a-key': json(`{"keys":[{"__proto__":${JSON.stringify(jwk)}}]}`),
  };
}

/** Serves `handlers` on loopback; with `tls`, as HTTPS. */
export async function startHostileIdp(
  handlers: Record<string, Misdeed>,
  tls?: { key: string; cert: string },
): Promise<HostileIdp> {
  const seen: string[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '/').slice(1);
    seen.push(path);
    // What the other end does to the connection is none of this server's business.
    request.socket.on('error', () => undefined);
    response.on('error', () => undefined);
    const handler = handlers[path];
    if (handler) handler(request, response);
    else response.writeHead(404).end();
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    url: (path) => `${tls ? 'https' : 'http'}://127.0.0.1:${port}/${path}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
