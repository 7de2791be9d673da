// The sample dark app: shows what arrives at an app behind Postern. Plain node:http and ws.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { createAssertionVerifier } from './assertion.mjs';
import { sendDownload } from './download.mjs';
import { homePage } from './page.mjs';

const asset = (name, type) => ({
  type,
  body: readFileSync(new URL(`public/${name}`, import.meta.url)),
});
const assets = {
  '/app.css': asset('app.css', 'text/css; charset=utf-8'),
  '/app.js': asset('app.js', 'text/javascript; charset=utf-8'),
};

export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * @param {{ secret?: string, jwksUrl?: string }} options `secret` must come in `x-connector-secret`;
 *   with `jwksUrl` the identity assertion is verified, without it no identity is shown.
 */
export function createSampleApp({ secret, jwksUrl } = {}) {
  const verifyAssertion = createAssertionVerifier(jwksUrl);
  const isFromConnector = (request) => {
    if (secret === undefined) return true;
    const digest = (text) => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(request.headers['x-connector-secret'] ?? ''), digest(secret));
  };
  const identityOf = (request) =>
    verifyAssertion(request.headers['postern-assertion'], expectedAudience(request));

  const server = createServer(async (request, response) => {
    try {
      if (!isFromConnector(request))
        return sendText(response, 403, 'Only the connector may ask.\n');
      await route(request, response, identityOf);
    } catch {
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'The sample app failed.\n');
    }
  });

  const sockets = new WebSocketServer({ noServer: true, handleProtocols: pickProtocol });
  server.on('upgrade', (request, socket, head) => {
    if (!isFromConnector(request) || new URL(request.url, 'http://app').pathname !== '/ws') {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
    });
  });

  return {
    server,
    close() {
      for (const webSocket of sockets.clients) webSocket.close(1001, 'the app is stopping');
      server.close();
      server.closeAllConnections();
    },
  };
}

async function route(request, response, identityOf) {
  const { pathname, searchParams } = new URL(request.url, 'http://app');
  const file = assets[pathname];
  if (file !== undefined) {
    response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-cache' });
    return response.end(file.body);
  }
  switch (pathname) {
    case '/api/whoami':
      return sendJson(response, await describe(request, identityOf));
    case '/api/echo':
      response.writeHead(200, {
        'content-type': request.headers['content-type'] ?? 'application/octet-stream',
        'x-method': request.method,
      });
      return request.pipe(response);
    case '/api/upload':
      return receiveUpload(request, response);
    case '/api/events':
      return sendClock(response);
    case '/download':
      return sendDownload(response, Number(searchParams.get('mb') ?? 1));
  }
  if (pathname !== '/' && !pathname.startsWith('/deep/')) {
    return sendText(response, 404, 'There is no such page in the sample app.\n');
  }
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentSecurityPolicy,
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    'set-cookie': [
      `sample_theme=${request.headers.cookie?.includes('sample_theme') ? 'returning' : 'first-visit'}; Path=/; SameSite=Lax`,
      'sample_session=only-the-app-sees-this; Path=/; HttpOnly; SameSite=Lax',
    ],
  });
  response.end(homePage(await describe(request, identityOf)));
}

async function describe(request, identityOf) {
  const fields = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const [name, value] = [request.rawHeaders[i], request.rawHeaders[i + 1]];
    const isSecret = ['x-connector-secret', 'postern-assertion'].includes(name.toLowerCase());
    fields.push([name, isSecret ? `(${value.length} characters, not shown)` : value]);
  }
  const cookies = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  return {
    method: request.method,
    path: request.url,
    identity: await identityOf(request),
    headers: fields,
    cookies: Object.fromEntries(cookies),
  };
}

async function receiveUpload(request, response) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  sendJson(response, { bytes, sha256: hash.digest('hex') });
}

function sendClock(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let count = 0;
  const tick = () => response.write(`id: ${++count}\ndata: ${new Date().toISOString()}\n\n`);
  tick();
  const timer = setInterval(tick, 1000);
  response.on('close', () => clearInterval(timer));
}

/** The origin people opened the app at; only the connector can set these fields. */
function expectedAudience({ headers }) {
  const host = headers['x-forwarded-host'];
  return host === undefined ? undefined : `${headers['x-forwarded-proto']}://${host}`;
}

function pickProtocol(protocols) {
  return protocols.has('echo') ? 'echo' : false;
}

function sendJson(response, value) {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

function sendText(response, status, text) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}
