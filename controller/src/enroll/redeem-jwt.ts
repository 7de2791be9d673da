/** Identities made when they are first needed, from a JWT of an identity provider (specs/edge-api.md §4.3). */
import { AppError } from '@postern/shared/errors';
import type { ExternalJwt } from '../auth/authentication.ts';
import { valueAt } from '../auth/claims.ts';
import type { ControllerContext } from '../context.ts';
import { newIdentity } from '../model/defaults.ts';
import type { Identity } from '../model/identities.ts';
import { newId } from '../model/ids.ts';
import { repositories } from '../store/repositories.ts';
import { freeName, requireNewExternalId } from './redeem-certificate.ts';
import { replaceAuthenticator } from './redeem.ts';

const MAX_ATTRIBUTES = 100;
const MAX_ATTRIBUTE_CHARS = 255;

type JwtContext = Pick<ControllerContext, 'store' | 'pki' | 'clock' | 'logger'>;

export interface EnrolledByJwt {
  readonly identity: Identity;
  /** With a CSR: the certificate chain issued for it. */
  readonly cert?: string;
}

/**
 * Verified JWT → a new identity; with a CSR it also gets a client certificate.
 * @throws AppError ERR_ENROLL_NOT_ALLOWED, ERR_ENROLL_IDENTITY_EXISTS, ERR_PKI_CSR_INVALID
 */
export async function enrollByJwt(
  ctx: JwtContext,
  jwt: ExternalJwt,
  csrPem?: string,
): Promise<EnrolledByJwt> {
  const { signer } = jwt;
  const isAllowed = csrPem === undefined ? signer.enrollToTokenEnabled : signer.enrollToCertEnabled;
  if (!isAllowed)
    throw new AppError('ERR_ENROLL_NOT_ALLOWED', 'the signer does not enrol identities this way');
  const id = newId();
  const issued = csrPem === undefined ? undefined : await ctx.pki.issueIdentity(csrPem, id);
  const identity = await ctx.store.write(async (tx) => {
    await requireNewExternalId(tx, jwt.subject);
    const made = await repositories.identities.insert(
      tx,
      newIdentity(
        {
          id,
          name: await freeName(tx, nameOf(jwt), id),
          externalId: jwt.subject,
          roleAttributes: attributesOf(jwt),
          authPolicyId: signer.enrollAuthPolicyId,
        },
        ctx.clock(),
      ),
    );
    if (issued) {
      await replaceAuthenticator(tx, ctx.clock(), id, {
        method: 'cert',
        certPem: issued.leafPem,
        fingerprint: issued.fingerprint,
        isIssuedByNetwork: true,
      });
    }
    return made;
  });
  ctx.logger.info('enroll.by-jwt', { identityId: id, signerId: signer.id });
  return { identity, ...(issued && { cert: issued.chainPem }) };
}

function nameOf({ signer, claims, subject }: ExternalJwt): string {
  const name = valueAt(claims, signer.enrollNameClaimsSelector);
  return (typeof name === 'string' && name !== '' ? name : subject).slice(0, 200);
}

/** Text, or a list of texts; what could be taken for a role reference is left out. */
function attributesOf({ signer, claims }: ExternalJwt): string[] {
  const selector = signer.enrollAttributeClaimsSelector;
  if (selector === '') return [];
  const value = valueAt(claims, selector.startsWith('/') ? selector : `/${selector}`);
  const texts = (Array.isArray(value) ? value : [value]).filter(
    (one): one is string =>
      typeof one === 'string' &&
      one !== '' &&
      one.length <= MAX_ATTRIBUTE_CHARS &&
      !/^[#@]/.test(one),
  );
  return [...new Set(texts)].slice(0, MAX_ATTRIBUTES).sort();
}
