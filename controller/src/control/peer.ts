/** Who is at the other end of a control connection: read from the leaf certificate its handshake proved. */
import type { X509Certificate } from 'node:crypto';
import { certificateIdentity } from '@postern/node/tls';
import { AppError } from '@postern/shared/errors';
import { publicJwkSchema, type PublicJwk } from '@postern/shared/schemas';
import { confirmExtension } from '../enroll/extend.ts';
import { ownAnchors } from '../auth/certificate-login.ts';
import { verifyClientCertificate, type PeerCertificate } from '../auth/client-certificate.ts';
import type { ControllerContext } from '../context.ts';
import { isDisabled } from '../model/identities.ts';
import { fingerprintOf } from '../pki/certificates.ts';
import { repositories } from '../store/repositories.ts';

export type Peer =
  | { readonly role: 'router'; readonly id: string }
  | {
      readonly role: 'identity';
      readonly id: string;
      readonly authenticatorId: string;
      readonly jwk: PublicJwk;
    };

type PeerContext = Pick<ControllerContext, 'store' | 'pki' | 'clock'>;

/**
 * The router or identity named by the leaf, if it is enrolled with this very certificate and may
 * connect now. A renewed certificate takes its predecessor's place when it is first seen here: then
 * its holder has it.
 * @throws AppError ERR_CONTROL_PEER_REFUSED, ERR_PEER_IDENTITY
 */
export async function identifyPeer(ctx: PeerContext, certificate: PeerCertificate): Promise<Peer> {
  const { leaf } = certificate;
  const path = verifyClientCertificate(certificate, ownAnchors(ctx.pki), ctx.clock());
  if (path === undefined || path.isExpired) {
    throw refused('the leaf is no client certificate of our authority, or not in its time');
  }
  const { role, id, trustDomain } = certificateIdentity(leaf);
  if (trustDomain !== ctx.pki.trustDomain || role === 'controller') {
    throw refused('the leaf names neither a router nor an identity of our trust domain');
  }
  const fingerprint = fingerprintOf(leaf.raw);
  return role === 'router'
    ? identifyRouter(ctx, id, fingerprint)
    : identifyHost(ctx, id, fingerprint, leaf);
}

async function identifyRouter(ctx: PeerContext, id: string, fingerprint: string): Promise<Peer> {
  const router = await repositories.edgeRouters.get(ctx.store.db, id);
  const isKnown =
    router?.isVerified === true &&
    !router.disabled &&
    (router.fingerprint === fingerprint || router.unverifiedFingerprint === fingerprint);
  if (!isKnown) {
    throw refused('the router is unknown, disabled or enrolled with another certificate');
  }
  if (router.fingerprint !== fingerprint) {
    await ctx.store.write(async (tx) => {
      const row = await repositories.edgeRouters.get(tx.db, id);
      if (row?.unverifiedFingerprint !== fingerprint) return;
      await repositories.edgeRouters.update(tx, id, {
        certPem: row.unverifiedCertPem,
        fingerprint,
        unverifiedCertPem: null,
        unverifiedFingerprint: null,
      });
    });
  }
  return { role: 'router', id };
}

async function identifyHost(
  ctx: PeerContext,
  id: string,
  fingerprint: string,
  leaf: X509Certificate,
): Promise<Peer> {
  const { db } = ctx.store;
  const identity = await repositories.identities.get(db, id);
  const authenticator = (
    await repositories.authenticators.find(db, { identityId: id, method: 'cert' })
  ).find((one) => one.fingerprint === fingerprint || one.unverifiedFingerprint === fingerprint);
  if (!identity || isDisabled(identity, ctx.clock()) || !authenticator) {
    throw refused('the identity is unknown, disabled or enrolled with another certificate');
  }
  const jwk = publicJwkOf(leaf);
  if (authenticator.fingerprint !== fingerprint) {
    try {
      await confirmExtension(ctx, authenticator, leaf);
    } catch (error) {
      // Another connection, here or at another controller, was quicker.
      const now = await repositories.authenticators.get(db, authenticator.id);
      if (now?.fingerprint !== fingerprint) throw error;
    }
  }
  return { role: 'identity', id, authenticatorId: authenticator.id, jwk };
}

function publicJwkOf(leaf: X509Certificate): PublicJwk {
  const { kty, crv, x, y } = leaf.publicKey.export({ format: 'jwk' });
  const parsed = publicJwkSchema.safeParse({ kty, crv, x, y });
  if (!parsed.success) throw refused('the key of the leaf is not P-256');
  return parsed.data;
}

export function refused(why: string): AppError {
  return new AppError('ERR_CONTROL_PEER_REFUSED', `control connection refused: ${why}`);
}
