/** OpenID Connect Discovery 1.0 §4: what a provider says of itself. */
import { AppError } from '@postern/shared/errors';
import { request } from 'undici';
import { z } from 'zod';

/** A discovery document may not be larger. */
const MAX_DOCUMENT_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;

const documentSchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

export interface Provider {
  /** Exactly as it stands in its tokens. */
  issuer: string;
  jwksUri: string;
}

/** @throws {AppError} `ERR_OIDC_DISCOVERY`: unreachable, no such document, or another issuer's. */
export async function discoverProvider(issuer: string): Promise<Provider> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const response = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.statusCode !== 200) {
      await response.body.dump();
      throw new Error(`status ${response.statusCode}`);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_DOCUMENT_BYTES) throw new Error('the document is too large');
      chunks.push(chunk);
    }
    const document = documentSchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    // §4.3: a document of another issuer is nobody's.
    if (document.issuer.replace(/\/$/, '') !== issuer.replace(/\/$/, '')) {
      throw new Error(`it says its issuer is ${document.issuer}`);
    }
    return { issuer: document.issuer, jwksUri: document.jwks_uri };
  } catch (cause) {
    throw new AppError(
      'ERR_OIDC_DISCOVERY',
      `No identity provider answers at ${url}: ${cause instanceof Error ? cause.message : 'unknown'}`,
      { cause },
    );
  }
}
