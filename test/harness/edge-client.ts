/** Single calls of the Edge APIs, with any headers and any client certificate. */
import { request } from 'node:https';
import type { RunningController } from '@postern/controller';

export interface EdgeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** `data` of the envelope. */
  readonly data: any;
  /** `error.code` of the envelope. */
  readonly code: string | undefined;
}

export interface EdgeCall {
  method?: string;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: unknown;
  /** Legacy session token. */
  session?: string;
  bearer?: string;
  /** TLS client certificate: chain, leaf first. */
  certificate?: { cert: string; key: string };
}

export const MANAGEMENT = '/edge/management/v1';
export const CLIENT = '/edge/client/v1';

export type EdgeClient = (path: string, call?: EdgeCall) => Promise<EdgeAnswer>;

/** Calls `controller` on its admin listener; each call makes a connection of its own. */
export function edgeClient({
  admin,
  trustBundlePem,
}: Pick<RunningController, 'admin' | 'trustBundlePem'>): EdgeClient {
  return (path, { method, headers = {}, body, session, bearer, certificate } = {}) =>
    new Promise((resolve, reject) => {
      const isText = typeof body === 'string';
      const sent = body === undefined ? undefined : isText ? body : JSON.stringify(body);
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: admin.port,
          path,
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          ca: trustBundlePem,
          agent: false,
          ...certificate,
          headers: {
            ...(sent !== undefined && {
              'content-type': isText ? 'application/x-pem-file' : 'application/json',
              'content-length': Buffer.byteLength(sent),
            }),
            ...(session !== undefined && { 'zt-session': session }),
            ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const bytes = Buffer.concat(chunks);
            const parsed = parse(bytes);
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              bytes,
              data: parsed?.data,
              code: parsed?.error?.code,
            });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(sent);
    });
}

function parse(bytes: Buffer): { data?: unknown; error?: { code: string } } | undefined {
  try {
    return JSON.parse(bytes.toString()) as { data?: unknown; error?: { code: string } };
  } catch {
    return undefined;
  }
}
