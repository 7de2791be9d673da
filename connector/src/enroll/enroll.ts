/**
 * One-time-token enrollment of an identity:
 *
 * 1. The token is a JWT signed with the controller's TLS key. Connect to its issuer without trust
 *    and check the token against the leaf presented.
 * 2. `GET /.well-known/est/cacerts`, trusting exactly that leaf.
 * 3. `POST /edge/client/v1/enroll?method=ott`, trusting exactly those authorities: a request for our
 *    own key goes out, a certificate chain comes back.
 */
import { X509Certificate } from 'node:crypto';
import { connect as tlsConnect } from 'node:tls';
import { AppError } from '@postern/shared/errors';
import { Agent, buildConnector, request, type Dispatcher } from 'undici';
import { z } from 'zod';
import { certificatesFromPkcs7, createKeyAndRequest } from './certificate-request.ts';
import { parseEnrollmentToken, verifyEnrollmentToken } from './enrollment-token.ts';
import type { Identity } from './identity-file.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;
const limits = {
  headersTimeout: TIMEOUT_MS,
  bodyTimeout: TIMEOUT_MS,
  maxResponseSize: MAX_ANSWER_BYTES,
};

const enrolledSchema = z.object({ data: z.object({ cert: z.string().max(MAX_ANSWER_BYTES) }) });

/**
 * Spends an enrollment token. Throws `ERR_ENROLL_TOKEN` (not acceptable), `ERR_ENROLL_REFUSED` (the
 * controller says no) or `ERR_CONTROLLER_UNREACHABLE`.
 */
export async function enroll(token: string, now = new Date()): Promise<Identity> {
  const { iss, sub, jti, ctrls } = parseEnrollmentToken(token);
  const leaf = await presentedLeaf(new URL(iss));
  await verifyEnrollmentToken(token, leaf, now);

  const pinned = new Agent({ ...limits, connect: pinnedConnector(leaf) });
  const ca = certificatesFromPkcs7(
    await call(pinned, new URL('/.well-known/est/cacerts', iss), { method: 'GET' }),
  );

  const apiUrl = new URL('/edge/client/v1', iss);
  const enrollUrl = new URL(`${apiUrl.href}/enroll`);
  enrollUrl.search = new URLSearchParams({ method: 'ott', token: jti }).toString();
  const { key, request: csr } = await createKeyAndRequest(sub);
  const answer = await call(
    new Agent({ ...limits, connect: { ca, timeout: TIMEOUT_MS } }),
    enrollUrl,
    { method: 'POST', headers: { 'content-type': 'application/x-pem-file' }, body: csr },
  );
  const { cert } = parseEnrolled(answer).data;
  return {
    apiUrl: apiUrl.href,
    key,
    cert,
    ca,
    controlAddress: ctrls?.find((address) => address.startsWith('tls:')),
  };
}

/** The certificate the host proves to hold the key of; nothing else about it is checked. */
function presentedLeaf(url: URL): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = tlsConnect({
      host,
      port: Number(url.port || 443),
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      timeout: TIMEOUT_MS,
    });
    const fail = (cause?: Error) => {
      socket.destroy();
      reject(unreachable(cause));
    };
    socket.once('timeout', () => fail());
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerX509Certificate();
      socket.destroy();
      if (leaf === undefined) reject(unreachable());
      else resolve(leaf);
    });
  });
}

/** Connects only to who holds the key of exactly this certificate. */
function pinnedConnector(leaf: X509Certificate): buildConnector.connector {
  const connect = buildConnector({ rejectUnauthorized: false, timeout: TIMEOUT_MS });
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      const presented = 'getPeerX509Certificate' in socket && socket.getPeerX509Certificate();
      if (!presented || presented.fingerprint256 !== leaf.fingerprint256) {
        socket.destroy();
        callback(new AppError('ERR_ENROLL_TOKEN', 'another server answered'), null);
        return;
      }
      callback(null, socket);
    });
  };
}

async function call(
  agent: Agent,
  url: URL,
  options: { method: Dispatcher.HttpMethod; headers?: Record<string, string>; body?: string },
): Promise<string> {
  try {
    const { statusCode, body } = await request(url, { dispatcher: agent, ...options });
    const text = await body.text();
    if (statusCode === 200 || statusCode === 201) return text;
    throw new AppError('ERR_ENROLL_REFUSED', `controller answered ${statusCode} to enrollment`);
  } catch (error) {
    throw error instanceof AppError ? error : unreachable(error);
  } finally {
    await agent.destroy();
  }
}

function parseEnrolled(text: string): z.infer<typeof enrolledSchema> {
  try {
    const enrolled = enrolledSchema.parse(JSON.parse(text));
    new X509Certificate(enrolled.data.cert);
    return enrolled;
  } catch (cause) {
    throw new AppError('ERR_ENROLL_REFUSED', 'controller’s answer holds no certificate', { cause });
  }
}

function unreachable(cause?: unknown): AppError {
  return new AppError('ERR_CONTROLLER_UNREACHABLE', 'controller cannot be reached', {
    cause,
    retryable: true,
  });
}
