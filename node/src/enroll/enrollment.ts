/**
 * Enrollment by a one-time token:
 *
 * 1. The token is a JWT signed with the controller's TLS key. Connect to its issuer without trust
 *    and check the token against the leaf presented.
 * 2. `GET /.well-known/est/cacerts` on that very connection.
 * 3. `POST /edge/client/v1/enroll?method=…`, trusting exactly those authorities: certificate
 *    requests for our own key go out, the chains come back.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import { X509Certificates } from '../x509/index.ts';
import {
  hostOf,
  parseEnrollmentToken,
  verifyEnrollmentToken,
  type EnrollmentMethod,
} from './enrollment-token.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;

const chain = z.string().startsWith('-----BEGIN ').max(MAX_ANSWER_BYTES);
const answerSchema = z.object({ data: z.unknown() });
const enrolledSchema = z.object({ cert: chain, serverCert: chain.optional() });

/** The certificate chains the controller issued, PEM, leaf first. */
type Enrolled = z.infer<typeof enrolledSchema>;

/** An enrollment whose controller has proved to be the token's issuer. */
export interface Enrollment {
  /** The identity, router or authority the token is for; empty for a token that is for all. */
  readonly id: string;
  readonly method: EnrollmentMethod;
  /** Base URL of the Client API. */
  readonly apiUrl: string;
  /** The network's authorities, PEM. */
  readonly ca: string;
  /** `tls:host:port` of control listeners. */
  readonly controlAddresses: readonly string[];
  /**
   * Spends the token for certificates.
   *
   * @throws AppError `ERR_ENROLL_REFUSED` (the controller says no) or `ERR_CONTROLLER_UNREACHABLE`
   */
  redeem(contentType: string, body: string): Promise<Enrolled>;
  /** Spends the token with other proof and returns what the controller says, unchecked. Throws as `redeem`. */
  redeemWith(proof: EnrollmentProof): Promise<unknown>;
}

/** What backs a token besides itself. */
export interface EnrollmentProof {
  contentType: string;
  body: string;
  /** A token of an identity provider, for `network`. */
  bearer?: string;
  /** PEM, for `ottca` and `ca`. */
  certificate?: { cert: string; key: string };
}

/**
 * Checks a token and learns the network's authorities from who signed it.
 *
 * @param method the only one accepted; default: any
 * @throws AppError `ERR_ENROLL_TOKEN` (not acceptable), `ERR_ENROLL_REFUSED` or
 * `ERR_CONTROLLER_UNREACHABLE`
 */
export async function beginEnrollment(
  token: string,
  method?: EnrollmentMethod,
): Promise<Enrollment> {
  const claims = parseEnrollmentToken(token, method);
  const issuer = new URL(claims.iss);
  const socket = await connectUntrusted(issuer);
  let ca: string;
  try {
    const leaf = socket.getPeerX509Certificate();
    if (leaf === undefined) throw unreachable();
    await verifyEnrollmentToken(token, claims, leaf);
    const path = '/.well-known/est/cacerts';
    ca = certificatesFromPkcs7(await call(issuer, { path, createConnection: () => socket }));
  } finally {
    socket.destroy();
  }

  const apiUrl = new URL('/edge/client/v1', issuer);
  const query = new URLSearchParams({
    method: claims.em === 'network' ? 'token' : claims.em,
    ...(claims.jti !== '' && { token: claims.jti }),
  }).toString();
  const redeemWith = async ({ contentType, body, bearer, certificate }: EnrollmentProof) => {
    const answer = await call(
      issuer,
      {
        method: 'POST',
        path: `${apiUrl.pathname}/enroll?${query}`,
        headers: {
          'content-type': contentType,
          'content-length': Buffer.byteLength(body),
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        },
        ca,
        ...certificate,
        agent: false,
      },
      body,
    );
    return parseAnswer(answer);
  };
  return {
    id: claims.sub,
    method: claims.em,
    apiUrl: apiUrl.href,
    ca,
    controlAddresses: claims.ctrls.filter((address) => address.startsWith('tls:')),
    redeemWith,
    redeem: async (contentType, body) => parseEnrolled(await redeemWith({ contentType, body })),
  };
}

/** A connection to whoever answers; who that is, is for the caller to check. */
async function connectUntrusted(url: URL): Promise<TLSSocket> {
  const socket = connect({
    host: hostOf(url),
    port: Number(url.port || 443),
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    socket.destroy();
    throw unreachable(cause);
  }
  // Its end is noticed by who uses it next.
  socket.on('error', () => undefined);
  return socket;
}

/** One exchange, whole within {@link TIMEOUT_MS}. */
async function call(url: URL, options: RequestOptions, body?: string): Promise<string> {
  const request = httpsRequest({
    host: hostOf(url),
    port: Number(url.port || 443),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...options,
  });
  request.on('error', () => undefined);
  request.end(body);
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { statusCode = 0 } = response;
    if (statusCode !== 200 && statusCode !== 201) {
      const reason = refusalOf(await readText(response));
      throw new AppError(
        'ERR_ENROLL_REFUSED',
        `controller answered ${statusCode}${reason} to enrollment`,
      );
    }
    return await readText(response);
  } catch (error) {
    throw error instanceof AppError ? error : unreachable(error);
  } finally {
    request.destroy();
  }
}

/** The code of an error answer, for a person to look up. */
function refusalOf(text: string): string {
  const [, code] = /"code"\s*:\s*"([A-Z_]{1,64})"/.exec(text) ?? [];
  return code === undefined ? '' : ` ${code}`;
}

async function readText(response: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) {
      throw new AppError('ERR_ENROLL_REFUSED', 'the controller’s answer is too long');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** PEM of the certificates in a certs-only PKCS#7 in base64 (RFC 7030 §4.1.3). */
function certificatesFromPkcs7(base64: string): string {
  try {
    const certificates = new X509Certificates(Buffer.from(base64, 'base64'));
    return certificates.map((certificate) => certificate.toString('pem')).join('\n') + '\n';
  } catch (cause) {
    throw new AppError('ERR_ENROLL_REFUSED', 'the controller tells no authorities', { cause });
  }
}

function parseAnswer(text: string): unknown {
  try {
    return answerSchema.parse(JSON.parse(text)).data;
  } catch (cause) {
    throw new AppError('ERR_ENROLL_REFUSED', 'the controller’s answer is none to an enrollment', {
      cause,
    });
  }
}

function parseEnrolled(data: unknown): Enrolled {
  const enrolled = enrolledSchema.safeParse(data);
  if (enrolled.success) return enrolled.data;
  throw new AppError('ERR_ENROLL_REFUSED', 'the controller’s answer holds no certificates', {
    cause: enrolled.error,
  });
}

function unreachable(cause?: unknown): AppError {
  return new AppError('ERR_CONTROLLER_UNREACHABLE', 'controller cannot be reached', {
    cause,
    retryable: true,
  });
}
