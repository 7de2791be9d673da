/** One order from account to certificate (RFC 8555 §7.1, figure of the flow). */
import { setTimeout as delay } from 'node:timers/promises';
import type { Authorization, Client } from 'acme-client';
import { AppError } from '@postern/shared/errors';
import type { AcmeConfig } from '@postern/shared/schemas';
import {
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from '../enroll/index.ts';
import { runDnsHook } from './dns-hook.ts';
import type { HttpChallenges } from './http-challenges.ts';
import { parseIssued, type IssuedCertificate } from './issued-certificate.ts';
import { openClient } from './open-client.ts';

/** How often the server is asked whether it is done: ACME has nothing to wait on. */
const FIRST_ASK_MS = 250;
const MAX_ASK_MS = 5_000;
/** For all that the server does between two steps of ours. */
const SERVER_TIMEOUT_MS = 180_000;
/** Characters of what a server says that go into an error. */
const MAX_REASON_LENGTH = 500;
/** RFC 8555 §8: base64url, at least 128 bits. */
const TOKEN = /^[\w-]{22,256}$/;

export interface OrderOptions {
  config: AcmeConfig;
  accountKey: string;
  /** Where HTTP-01 is answered; absent: DNS-01 for all names. */
  http: HttpChallenges | undefined;
  now: () => number;
  signal: AbortSignal;
}

/**
 * A certificate for all names of the configuration, with a new key.
 *
 * @throws AppError `ERR_ACME_SERVER` (unreachable, or it refused), `ERR_ACME_CHALLENGE` (it could not see the
 *   proof), `ERR_ACME_HOOK`, `ERR_ACME_CA`, `ERR_ACME_CERTIFICATE`
 */
export async function orderCertificate(options: OrderOptions): Promise<IssuedCertificate> {
  const { config, signal, now } = options;
  const client = await openClient(config, options.accountKey, signal);
  try {
    await client.createAccount({
      termsOfServiceAgreed: config.agreeToTerms,
      ...(config.email === undefined ? {} : { contact: [`mailto:${config.email}`] }),
    });
    const order = await client.createOrder({
      identifiers: config.names.map((value) => ({ type: 'dns', value })),
    });
    const authorizations = await client.getAuthorizations(order);
    if (authorizations.length > config.names.length)
      throw new Error('it wants more than was ordered');
    // One after the other: hooks need not be made for running twice at once.
    for (const authorization of authorizations) await authorize(client, authorization, options);
    const keys = await generateCertificateKeys();
    const request = await createCertificateRequest(keys, undefined, config.names);
    const finalized = await client.finalizeOrder(order, request);
    const valid = await settled(() => client.getOrder(finalized), signal);
    if (valid.status !== 'valid') throw new Error(`the order became ${valid.status}`);
    const cert = await client.getCertificate(valid);
    return parseIssued({ key: privateKeyPem(keys), cert }, config.names, now());
  } catch (error) {
    if (error instanceof AppError) throw error;
    // Without its cause, which holds whole requests.
    const why = error instanceof Error ? error.message : 'unknown';
    throw new AppError('ERR_ACME_SERVER', `${config.directoryUrl} issued nothing: ${why}`, {
      retryable: true,
    });
  }
}

async function authorize(
  client: Client,
  authorization: Authorization,
  { config, http, signal }: OrderOptions,
): Promise<void> {
  if (authorization.status === 'valid') return;
  const host = authorization.identifier.value;
  const isWildcard = authorization.wildcard === true;
  if (!config.names.includes(isWildcard ? `*.${host}` : host))
    throw new Error('it wants a proof for a name that was not ordered');
  const type = http === undefined || isWildcard ? 'dns-01' : 'http-01';
  const challenge = authorization.challenges.find((one) => one.type === type);
  if (challenge === undefined || !TOKEN.test(challenge.token))
    throw new Error(`it offers no ${type} challenge for ${host}`);
  const answer = await client.getChallengeKeyAuthorization(challenge);
  const proof =
    type === 'http-01' && http !== undefined
      ? httpProof(http, challenge.token, answer)
      : dnsProof(config, host, answer, signal);
  try {
    await proof.show();
    await client.completeChallenge(challenge);
    const [after] = await settled(async () => {
      const found = await client.getAuthorizations({
        authorizations: [authorization.url],
      } as Parameters<Client['getAuthorizations']>[0]);
      return Object.assign(found, { status: found[0]?.status ?? 'invalid' });
    }, signal);
    if (after?.status !== 'valid') {
      const why = reasonOf(after?.challenges.find((one) => one.type === type)?.error);
      throw new AppError(
        'ERR_ACME_CHALLENGE',
        `${config.directoryUrl} did not see the ${type} proof for ${host}: ${why}`,
        { retryable: true },
      );
    }
  } finally {
    await proof.remove();
  }
}

/** What a problem document (RFC 7807) says in words. */
function reasonOf(problem: object | undefined): string {
  const detail = problem && 'detail' in problem ? problem.detail : undefined;
  return typeof detail === 'string' ? detail.slice(0, MAX_REASON_LENGTH) : 'it does not say why';
}

interface Proof {
  show: () => Promise<void> | void;
  remove: () => Promise<void> | void;
}

function httpProof(http: HttpChallenges, token: string, answer: string): Proof {
  return {
    show: () => {
      http.add(token, answer);
    },
    remove: () => {
      http.remove(token);
    },
  };
}

function dnsProof(
  { dnsHook, dnsHookTimeoutMs: timeoutMs }: AcmeConfig,
  host: string,
  value: string,
  signal: AbortSignal,
): Proof {
  const name = `_acme-challenge.${host}`;
  const run = async (action: 'add' | 'remove', until?: AbortSignal): Promise<void> => {
    if (dnsHook !== undefined)
      await runDnsHook({ program: dnsHook, timeoutMs }, action, name, value, until);
  };
  return {
    show: () => run('add', signal),
    // Also when all is to stop, and a failure to clean up fails no certificate.
    remove: () => run('remove').catch(() => undefined),
  };
}

/** Asks until the server is done with what it was told. */
async function settled<T extends { status: string }>(
  ask: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(SERVER_TIMEOUT_MS)]);
  for (let waitMs = FIRST_ASK_MS; ; waitMs = Math.min(2 * waitMs, MAX_ASK_MS)) {
    const found = await ask();
    if (found.status !== 'pending' && found.status !== 'processing') return found;
    await delay(waitMs, undefined, { signal: until });
  }
}
