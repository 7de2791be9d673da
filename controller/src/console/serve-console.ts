/**
 * Serves the admin console at `/console/` of the admin listener: static files, the same for everybody. What it shows
 * it asks of the APIs beside it, with the rights of whoever signed in.
 */
import { extname } from 'node:path';
import type { Logger } from '@postern/shared/log';
import { readConsoleFiles, type ConsoleFile } from './console-files.ts';

export const CONSOLE_BASE = '/console';

/** Own files only, nothing inline; the same policy stands in docs/console.md for other servers. */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONSOLE_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  vary: 'accept-encoding',
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

export interface ConsoleOptions {
  /** Folder of the build; `undefined`: there is no console. */
  folder: string | undefined;
  logger: Logger;
}

/** Answers requests at {@link CONSOLE_BASE} and below it. */
export function createConsole({ folder, logger }: ConsoleOptions) {
  let files: Promise<ReadonlyMap<string, ConsoleFile>> | undefined;
  const load = async (from: string) => {
    try {
      return await (files ??= readConsoleFiles(from));
    } catch (error) {
      // A build may come while the controller runs.
      files = undefined;
      logger.warn('console.notBuilt', { folder: from, error });
      return new Map<string, ConsoleFile>();
    }
  };
  return async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (folder === undefined) return refuse(404, 'This controller serves no console.');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(405, 'Only GET and HEAD.', { allow: 'GET, HEAD' });
    if (pathname === CONSOLE_BASE)
      return new Response(null, {
        status: 308,
        headers: { ...HEADERS, location: `${CONSOLE_BASE}/` },
      });
    const name = pathname.slice(CONSOLE_BASE.length + 1) || 'index.html';
    const all = await load(folder);
    const file = all.get(name);
    if (!file) return refuse(404, all.size === 0 ? 'The console is not built.' : 'No such file.');
    const brotli = takesBrotli(request) ? file.brotli : undefined;
    const bytes = brotli ?? file.plain;
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(bytes), {
      headers: {
        ...HEADERS,
        'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
        'content-length': String(bytes.length),
        ...(brotli && { 'content-encoding': 'br' }),
        // Names of assets change with their content.
        'cache-control': name.startsWith('assets/')
          ? 'public, max-age=31536000, immutable'
          : 'no-cache',
      },
    });
  };
}

function takesBrotli(request: Request): boolean {
  const offered = request.headers.get('accept-encoding') ?? '';
  return offered
    .split(',')
    .some((coding) => /^\s*br\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/.test(coding));
}

function refuse(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { ...HEADERS, 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
}
