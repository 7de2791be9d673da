/** Enrolling by a client certificate of somebody else's authority (specs/edge-api.md §4.4: `ottca`, `ca`). */
import type { X509Certificate } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { anchorOf, claimOf } from '../auth/certificate-login.ts';
import { verifyClientCertificate, type PeerCertificate } from '../auth/client-certificate.ts';
import { externalIdOf } from '../auth/external-id.ts';
import type { Ca } from '../model/cas.ts';
import { newIdentity } from '../model/defaults.ts';
import { newId } from '../model/ids.ts';
import { fingerprintOf } from '../pki/certificates.ts';
import { repositories } from '../store/repositories.ts';
import type { WriteTx } from '../store/store.ts';
import { peek, replaceAuthenticator, spend, type RedeemContext } from './redeem.ts';

/** What enrolling by certificate answers: the certificate that was registered, and our authorities. */
export interface Registered {
  readonly cert: string;
  readonly ca: string;
}

/**
 * One-time token + certificate of the authority it names → that certificate signs in.
 * @throws AppError ERR_ENROLL_TOKEN_INVALID, ERR_ENROLL_EXPIRED, ERR_ENROLL_CERT_INVALID, ERR_ENROLL_CERT_IN_USE
 */
export async function redeemOttCa(
  ctx: RedeemContext,
  token: string,
  peer: PeerCertificate | undefined,
): Promise<Registered> {
  const { caId, identityId } = await peek(ctx, token, 'ottca');
  const ca = await repositories.cas.get(ctx.store.db, caId ?? '');
  if (!peer || !ca?.isVerified || !ca.isOttCaEnrollmentEnabled || !vouches(ctx, ca, peer))
    throw certificateInvalid();
  await ctx.store.write(async (tx) => {
    await requireUnused(tx, peer.leaf);
    await spend(tx, ctx, token, 'ottca');
    await register(tx, ctx, identityId ?? '', peer.leaf);
  });
  return registered(ctx, peer.leaf);
}

/**
 * Certificate of an authority with automatic enrolment → a new identity.
 * @throws AppError ERR_ENROLL_CERT_INVALID, ERR_ENROLL_CERT_IN_USE
 */
export async function redeemCa(
  ctx: RedeemContext,
  peer: PeerCertificate | undefined,
  requestedName: string,
): Promise<Registered> {
  if (!peer) throw certificateInvalid();
  const enabled = await repositories.cas.find(ctx.store.db, {
    isVerified: true,
    isAutoCaEnrollmentEnabled: true,
  });
  const ca = enabled.find((one) => vouches(ctx, one, peer));
  if (!ca) throw certificateInvalid();
  const claim = claimOf(ca);
  const externalId = claim ? externalIdOf(peer.leaf, claim) : undefined;
  if (claim && externalId === undefined)
    throw new AppError('ERR_ENROLL_CERT_CLAIM', 'the certificate has no external id');

  await ctx.store.write(async (tx) => {
    await requireUnused(tx, peer.leaf);
    if (externalId !== undefined) await requireNewExternalId(tx, externalId);
    const identityId = newId();
    const symbols = {
      caName: ca.name,
      caId: ca.id,
      commonName: commonNameOf(peer.leaf),
      requestedName: requestedName || commonNameOf(peer.leaf),
      identityId,
    };
    const name = await freeName(tx, formatName(ca.identityNameFormat, symbols), identityId);
    await repositories.identities.insert(
      tx,
      newIdentity(
        {
          id: identityId,
          name,
          externalId: externalId ?? null,
          roleAttributes: ca.identityRoles,
        },
        ctx.clock(),
      ),
    );
    await register(tx, ctx, identityId, peer.leaf);
  });
  return registered(ctx, peer.leaf);
}

/** Fills `[symbol]`s; unknown ones stay as they are. */
function formatName(format: string, symbols: Readonly<Record<string, string>>): string {
  return format
    .replaceAll(/\[(\w+)\]/g, (whole, name: string) => symbols[name] ?? whole)
    .slice(0, 200);
}

/** A name that no identity has yet: the wanted one, else with the id behind it. */
export async function freeName(tx: WriteTx, name: string, id: string): Promise<string> {
  const wanted = name === '' ? id : name;
  const taken = await repositories.identities.find(tx.db, { name: wanted });
  return taken.length === 0 ? wanted : `${wanted}-${id}`;
}

/** @throws AppError ERR_ENROLL_IDENTITY_EXISTS */
export async function requireNewExternalId(tx: WriteTx, externalId: string): Promise<void> {
  if ((await repositories.identities.find(tx.db, { externalId })).length > 0)
    throw new AppError('ERR_ENROLL_IDENTITY_EXISTS', 'an identity has this external id already');
}

function vouches({ clock }: RedeemContext, ca: Ca, peer: PeerCertificate): boolean {
  const path = verifyClientCertificate(peer, [anchorOf(ca)], clock());
  return path !== undefined && !path.isExpired;
}

async function requireUnused(tx: WriteTx, leaf: X509Certificate): Promise<void> {
  const fingerprint = fingerprintOf(leaf.raw);
  if ((await repositories.authenticators.find(tx.db, { fingerprint })).length > 0)
    throw new AppError('ERR_ENROLL_CERT_IN_USE', 'the certificate belongs to an identity already');
}

function register(
  tx: WriteTx,
  { clock }: RedeemContext,
  identityId: string,
  leaf: X509Certificate,
): Promise<void> {
  return replaceAuthenticator(tx, clock(), identityId, {
    method: 'cert',
    certPem: leaf.toString(),
    fingerprint: fingerprintOf(leaf.raw),
    isIssuedByNetwork: false,
  });
}

function registered({ pki }: RedeemContext, leaf: X509Certificate): Registered {
  return { cert: leaf.toString(), ca: pki.trustBundlePem };
}

function commonNameOf({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
}

function certificateInvalid(): AppError {
  return new AppError('ERR_ENROLL_CERT_INVALID', 'no client certificate that may enrol');
}
