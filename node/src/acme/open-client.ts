/** An ACME client whose requests are bounded, can be aborted and trust a private authority. */
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import type { Client } from 'acme-client';
import { AppError } from '@postern/shared/errors';
import type { AcmeConfig } from '@postern/shared/schemas';

const MAX_RESPONSE_BYTES = 256 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** The transport of acme-client 5.4, which it does not declare. */
interface Transport {
  request(url: string, method: string, options?: object): Promise<unknown>;
}

/**
 * `acme-client` sends by an axios instance common to the process, with one trust store and retries that no
 * signal ends. So each client gets an instance of its own.
 *
 * @throws AppError `ERR_ACME_CA` when the authority's file cannot be read
 */
export async function openClient(
  { directoryUrl, caFile }: Pick<AcmeConfig, 'directoryUrl' | 'caFile'>,
  accountKey: string,
  signal: AbortSignal,
): Promise<Client> {
  const ca = caFile === undefined ? undefined : await readAuthority(caFile);
  // Loaded when it is needed: it is large, and few parts use it.
  const { Client, axios } = await import('acme-client');
  const http = axios.create({
    adapter: 'http',
    httpsAgent: new Agent(ca === undefined ? {} : { ca }),
    maxContentLength: MAX_RESPONSE_BYTES,
    maxRedirects: 0,
    timeout: REQUEST_TIMEOUT_MS,
    signal,
    validateStatus: null,
    headers: { 'user-agent': 'postern' },
  });
  const client = new Client({ directoryUrl, accountKey });
  const { http: transport } = client as unknown as { http: Transport };
  transport.request = async (url, method, options = {}) => {
    // URLs after the first come from the server.
    if (new URL(url).protocol !== 'https:') throw new Error('the server names a URL without TLS');
    const headers = { 'content-type': 'application/jose+json' };
    return http.request({ ...options, url, method, headers });
  };
  return client;
}

/** @throws AppError `ERR_ACME_CA` */
export async function readAuthority(file: string): Promise<string> {
  const why = await readFile(file, 'utf8').then(
    (pem) => (pem.includes('-----BEGIN CERTIFICATE-----') ? { pem } : 'it holds no certificate'),
    (error: unknown) => (error instanceof Error ? error.message : 'unknown'),
  );
  if (typeof why === 'object') return why.pem;
  throw new AppError(
    'ERR_ACME_CA',
    `caFile ${file} cannot be used: ${why}. It is to hold the ACME server's authority as PEM`,
  );
}
