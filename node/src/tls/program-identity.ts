/** Which program answered a mutual-TLS handshake: OpenZiti's SDKs, and connectors of ours. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { AppError } from '@postern/shared/errors';
import { provenLeaf } from './peer-identity.ts';

export interface ProgramIdentity {
  readonly trustDomain: string;
  readonly identityId: string;
  /** The API session that the certificate was issued for, if it stands for one alone. */
  readonly apiSessionId?: string;
}

/**
 * Reads the one SPIFFE URI of the peer's leaf: `spiffe://<domain>/identity/<id>`, or
 * `…/apiSession/<sid>/apiSessionCertificate/<cid>` behind that (specs/edge-protocol.md §1).
 *
 * @param ca the authorities that the TLS layer trusts, PEM
 * @throws AppError `ERR_PEER_IDENTITY`
 */
export function programIdentity(socket: TLSSocket, ca: string): ProgramIdentity {
  return readProgramIdentity(provenLeaf(socket, ca));
}

/** Who a certificate names. Verifies nothing. @throws AppError `ERR_PEER_IDENTITY` */
export function readProgramIdentity(
  leaf: Pick<X509Certificate, 'subjectAltName'>,
): ProgramIdentity {
  const uris = (leaf.subjectAltName?.split(', ') ?? []).filter((name) => name.startsWith('URI:'));
  const [, trustDomain, identityId, apiSessionId] = SPIFFE.exec(uris[0]?.slice(4) ?? '') ?? [];
  if (uris.length !== 1 || trustDomain === undefined || identityId === undefined) {
    throw new AppError('ERR_PEER_IDENTITY', 'the certificate names no identity');
  }
  return { trustDomain, identityId, ...(apiSessionId !== undefined && { apiSessionId }) };
}

const ID = '[A-Za-z0-9._-]{1,64}';
const SPIFFE = new RegExp(
  `^spiffe://([a-z0-9._-]{1,255})/identity/(${ID})(?:/apiSession/(${ID})/apiSessionCertificate/${ID})?$`,
);
