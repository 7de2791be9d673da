/**
 * Router enrollment by a one-time token (`erott`):
 *
 * 1. The token is a JWT signed with the controller's TLS key. Connect to its issuer without trust
 *    and check the token against the leaf presented.
 * 2. `GET /.well-known/est/cacerts` on that very connection.
 * 3. `POST /edge/client/v1/enroll?method=erott`, trusting exactly those authorities: requests for a
 *    client and a server certificate go out, the chains come back.
 */
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import { certificatesFromPkcs7, createKeyAndRequests } from './certificate-request.ts';
import { parseEnrollmentToken, verifyEnrollmentToken } from './enrollment-token.ts';
import type { RouterIdentity } from './identity-store.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;

const chain = z.string().startsWith('-----BEGIN ').max(MAX_ANSWER_BYTES);
const enrolledSchema = z.object({ data: z.object({ cert: chain, serverCert: chain }) });

/**
 * Spends an enrollment token. `serverNames`: host names and addresses the server certificate is for.
 *
 * @throws AppError `ERR_ENROLL_TOKEN` (not acceptable), `ERR_ENROLL_REFUSED` (the controller says no)
 * or `ERR_CONTROLLER_UNREACHABLE`.
 */
export async function enroll(
  token: string,
  serverNames: readonly string[],
): Promise<RouterIdentity> {
  const { iss, sub, jti, ctrls } = parseEnrollmentToken(token);
  const issuer = new URL(iss);
  const ca = await fetchAuthorities(token, issuer);
  const { key, clientRequest, serverRequest } = await createKeyAndRequests(sub, serverNames);
  const body = JSON.stringify({ certCsr: clientRequest, serverCertCsr: serverRequest });
  const path = `/edge/client/v1/enroll?method=erott&token=${encodeURIComponent(jti)}`;
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const answer = await call(issuer, { method: 'POST', path, headers, ca }, body);
  const { cert, serverCert } = parseEnrolled(answer);
  return {
    key,
    clientCert: cert,
    serverCert,
    ca,
    controllers: ctrls.filter((a) => a.startsWith('tls:')),
  };
}

/** The network's authorities, told by who holds the key that signed the token. */
async function fetchAuthorities(token: string, issuer: URL): Promise<string> {
  const socket = await connectUntrusted(issuer);
  try {
    const leaf = socket.getPeerX509Certificate();
    if (leaf === undefined) throw unreachable();
    await verifyEnrollmentToken(token, leaf, new Date());
    const path = '/.well-known/est/cacerts';
    const answer = await call(issuer, {
      method: 'GET',
      path,
      createConnection: () => socket,
    });
    return certificatesFromPkcs7(answer);
  } finally {
    socket.destroy();
  }
}

function connectUntrusted(url: URL): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const host = hostOf(url);
    const options = {
      host,
      port: Number(url.port || 443),
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    } as const;
    const socket = tlsConnect(options, () => resolve(socket));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(unreachable()));
    socket.once('error', (cause) => reject(unreachable(cause)));
  });
}

function call(url: URL, options: RequestOptions, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: hostOf(url), port: Number(url.port || 443), timeout: TIMEOUT_MS, ...options },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_ANSWER_BYTES) request.destroy(new Error('answer is too long'));
          else chunks.push(chunk);
        });
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status === 200 || status === 201) resolve(Buffer.concat(chunks).toString('utf8'));
          else
            reject(
              new AppError('ERR_ENROLL_REFUSED', `controller answered ${status} to enrollment`),
            );
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (cause) => reject(unreachable(cause)));
    request.end(body);
  });
}

function parseEnrolled(text: string): z.infer<typeof enrolledSchema>['data'] {
  try {
    return enrolledSchema.parse(JSON.parse(text)).data;
  } catch (cause) {
    throw new AppError('ERR_ENROLL_REFUSED', 'the controller’s answer holds no certificates', {
      cause,
    });
  }
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function unreachable(cause?: unknown): AppError {
  return new AppError('ERR_CONTROLLER_UNREACHABLE', 'controller cannot be reached', {
    cause,
    retryable: true,
  });
}
