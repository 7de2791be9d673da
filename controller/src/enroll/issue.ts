/** One-time enrollments and the tokens that carry them (specs/edge-protocol.md §7). */
import { randomUUID } from 'node:crypto';
import { hashToken } from '../auth/api-sessions.ts';
import type { ControllerContext } from '../context.ts';
import { newEntity } from '../model/defaults.ts';
import type { Enrollment } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';
import type { WriteTx } from '../store/store.ts';

/** How long an enrollment made along with its identity or router is good for. */
const ENROLLMENT_LIFETIME_MS = 180 * 60_000;

type NewEnrollment = Pick<Enrollment, 'method'> &
  Partial<
    Pick<Enrollment, 'identityId' | 'edgeRouterId' | 'caId' | 'username' | 'expiresAt' | 'tags'>
  >;
type IssueContext = Pick<ControllerContext, 'sealer' | 'clock'>;

export function issueEnrollment(
  tx: WriteTx,
  ctx: IssueContext,
  values: NewEnrollment,
): Promise<Enrollment> {
  return repositories.enrollments.insert(tx, {
    ...newEntity(ctx.clock()),
    tags: {},
    identityId: null,
    edgeRouterId: null,
    caId: null,
    username: null,
    expiresAt: new Date(ctx.clock() + ENROLLMENT_LIFETIME_MS).toISOString(),
    ...freshToken(ctx),
    ...values,
  });
}

/** A new token for an enrollment that stays otherwise as it is. */
export async function refreshEnrollment(
  tx: WriteTx,
  ctx: IssueContext,
  id: string,
  expiresAt: string,
): Promise<void> {
  const updatedAt = new Date(ctx.clock()).toISOString();
  await repositories.enrollments.update(tx, id, { ...freshToken(ctx), expiresAt, updatedAt });
}

function freshToken({ sealer }: IssueContext) {
  const token = randomUUID();
  return { tokenHash: hashToken(token), sealedToken: sealer.seal(token) };
}

/** The token and the JWT that hands it to the enrolling client. */
export async function describeEnrollment(
  { sealer, pki, endpoints }: Pick<ControllerContext, 'sealer' | 'pki' | 'endpoints'>,
  enrollment: Enrollment,
): Promise<{ token: string; jwt: string }> {
  const token = sealer.open(enrollment.sealedToken ?? '');
  const jwt = await pki.signWithServerKey({
    iss: endpoints.admin,
    sub: enrollment.identityId ?? enrollment.edgeRouterId,
    jti: token,
    em: enrollment.method,
    ctrls: endpoints.control,
    exp: Math.floor(Date.parse(enrollment.expiresAt) / 1000),
  });
  return { token, jwt };
}

/** The token that holders of certificates of an authority enrol with: one for all of them, without end. */
export function caEnrollmentJwt(
  { pki, endpoints }: Pick<ControllerContext, 'pki' | 'endpoints'>,
  caId: string,
): Promise<string> {
  return pki.signWithServerKey({
    iss: endpoints.admin,
    sub: caId,
    em: 'ca',
    ctrls: endpoints.control,
  });
}

/** The token that tells a client where the network is; who enrols is for other proof to say. */
export function networkJwt({
  pki,
  endpoints,
}: Pick<ControllerContext, 'pki' | 'endpoints'>): Promise<string> {
  return pki.signWithServerKey({ iss: endpoints.admin, em: 'network', ctrls: endpoints.control });
}
