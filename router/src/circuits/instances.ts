/**
 * Instances of a service: terminators that a dial can name. An instance is one host's, or that of several
 * which show the same secret with their bindings.
 */
import { createHash } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { HeaderKey, type MessageHeaders } from '@postern/shared/protocol/channel';
import { MAX_INSTANCE_ID_CHARACTERS } from '@postern/shared/schemas';
import type { TerminatorCandidate } from './terminators.ts';

const MAX_SECRET_BYTES = 4096;

export type InstanceClaim = Pick<
  TerminatorCandidate,
  'serviceId' | 'hostId' | 'instanceId' | 'instanceProof'
>;

/**
 * What a Bind says of its instance; nothing when it has none. The secret itself stays here: routers and
 * controllers compare hashes. @throws AppError `ERR_GRANT_INVALID` when it is too long
 */
export function instanceOf(
  headers: MessageHeaders,
): Pick<InstanceClaim, 'instanceId' | 'instanceProof'> {
  const instanceId = headers.string(HeaderKey.terminatorIdentity) ?? '';
  const secret = headers.bytes(HeaderKey.terminatorSecret) ?? new Uint8Array(0);
  if (instanceId === '') return {};
  if (instanceId.length > MAX_INSTANCE_ID_CHARACTERS || secret.length > MAX_SECRET_BYTES)
    throw new AppError('ERR_GRANT_INVALID', 'instance id or secret is too long');
  if (secret.length === 0) return { instanceId };
  const hash = createHash('sha256').update(`${instanceId}\n`).update(secret);
  return { instanceId, instanceProof: hash.digest('base64url') };
}

/** True if `other` is the same instance of another host that `claim` shares no secret with. */
export function isInstanceOfAnother(claim: InstanceClaim, other: InstanceClaim): boolean {
  return (
    claim.serviceId === other.serviceId &&
    claim.instanceId !== undefined &&
    claim.instanceId === other.instanceId &&
    claim.hostId !== other.hostId &&
    (claim.instanceProof === undefined || claim.instanceProof !== other.instanceProof)
  );
}
