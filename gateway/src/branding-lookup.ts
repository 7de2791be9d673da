/** The network's look of our pages, for the login origin, and the logos it and applications name. */
import { LOGO_TYPES, MAX_LOGO_BYTES, type Branding } from '@postern/shared/branding';
import type { Logger } from '@postern/shared/log';
import { brandingSchema } from '@postern/shared/schemas';
import { type AskController, readBytes } from './controller-client.ts';
import { LruMap } from './lru-map.ts';

export interface Logo {
  bytes: Uint8Array<ArrayBuffer>;
  mediaType: keyof typeof LOGO_TYPES;
}

export interface BrandingLookup {
  /** What was known last where no controller answers; nothing is a look too. Never rejects. */
  network(): Promise<Branding>;
  /**
   * The image with this SHA-256 (hex); `undefined` when there is none, or it cannot be had now. Never
   * rejects.
   */
  logo(sha256: string): Promise<Logo | undefined>;
}

interface BrandingLookupOptions {
  ask: AskController;
  logger: Logger;
  now: () => number;
}

/** How long an answer is used unasked, and how soon a question without answer is repeated. */
export const FRESH_MS = 30_000;
export const RETRY_MS = 5_000;
/** Logos held, and, apart from them, names of none. */
const MAX_LOGOS = 64;
const MAX_UNKNOWN = 1_000;
const MAX_BODY_BYTES = 16_384;

export function createBrandingLookup({ ask, logger, now }: BrandingLookupOptions): BrandingLookup {
  const logos = new LruMap<string, Logo>(MAX_LOGOS);
  const unknownUntilMs = new LruMap<string, number>(MAX_UNKNOWN);
  let known: Branding = {};
  let etag: string | undefined;
  let nextCheckAtMs = 0;

  async function readNetwork(response: Response): Promise<void> {
    if (response.status === 304 && etag !== undefined) {
      await response.body?.cancel();
      return;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`the controller answered ${response.status}`);
    }
    const text = new TextDecoder().decode(await readBytes(response, MAX_BODY_BYTES));
    known = brandingSchema.parse(JSON.parse(text));
    etag = response.headers.get('etag') ?? undefined;
  }

  return {
    async network() {
      if (now() < nextCheckAtMs) return known;
      // Claimed before asking: the others go on with what is there.
      nextCheckAtMs = now() + RETRY_MS;
      try {
        await ask('/branding', etag, readNetwork);
        nextCheckAtMs = now() + FRESH_MS;
      } catch (error) {
        logger.warn('branding.lookup.failed', { error });
      }
      return known;
    },

    async logo(sha256) {
      const held = logos.get(sha256);
      if (held !== undefined) return held;
      if ((unknownUntilMs.get(sha256) ?? 0) > now()) return undefined;
      try {
        const logo = await ask(`/branding/logos/${sha256}`, undefined, (response) =>
          readLogo(response, sha256),
        );
        if (logo !== undefined) {
          logos.set(sha256, logo);
          return logo;
        }
      } catch (error) {
        logger.warn('branding.logo.failed', { error });
      }
      unknownUntilMs.set(sha256, now() + RETRY_MS);
      return undefined;
    },
  };
}

/** A logo is what its name says: its bytes are counted again here. */
async function readLogo(response: Response, sha256: string): Promise<Logo | undefined> {
  const mediaType = response.headers.get('content-type') ?? '';
  if (response.status !== 200 || !isLogoType(mediaType)) {
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw new Error(`the controller answered ${response.status} ${mediaType}`);
  }
  const bytes = await readBytes(response, MAX_LOGO_BYTES);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== sha256) throw new Error('the controller answered another logo');
  return { bytes, mediaType };
}

function isLogoType(type: string): type is Logo['mediaType'] {
  return Object.hasOwn(LOGO_TYPES, type);
}
