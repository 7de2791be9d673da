import { X509Certificate } from 'node:crypto';
import { certificatesOf } from '@postern/node/tls';

import { anchorOf } from '../../auth/certificate-login.ts';
import type { ControllerContext } from '../../context.ts';
import { caEnrollmentJwt } from '../../enroll/issue.ts';
import { repositories } from '../../store/repositories.ts';
import { done } from '../envelope.ts';
import { EdgeError, notFound } from '../errors.ts';
import { contentOf, doneResponse } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';

/** Proof of an authority's key, and its enrolment token (specs/edge-api.md §2.5). */
export function addCaRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock } = ctx;
  const existing = async (request: EdgeRequest) => {
    const ca = await repositories.cas.get(store.db, request.param('id'));
    if (!ca) throw notFound();
    return ca;
  };
  routes.add(
    {
      method: 'post',
      path: '/cas/:id/verify',
      access: 'ca.update',
      summary:
        'Prove the key of an authority by a certificate that it signed for the verification token',
      accepts: ['text/plain', 'application/x-pem-file'],
      response: doneResponse,
      errors: [
        'NOT_FOUND',
        'CA_ALREADY_VERIFIED',
        'EXPECTED_PEM_CERTIFICATE',
        'INVALID_COMMON_NAME',
        'CERTIFICATE_FAILED_VALIDATION',
      ],
    },
    async (request) => {
      const ca = await existing(request);
      if (ca.isVerified) throw new EdgeError('CA_ALREADY_VERIFIED');
      const leaf = parseLeaf(await request.text());
      const nowMs = clock();
      const anchor = anchorOf(ca);
      const isSigned = leaf.checkIssued(anchor) && leaf.verify(anchor.publicKey);
      if (!isSigned || Date.parse(leaf.validTo) < nowMs || Date.parse(leaf.validFrom) > nowMs)
        throw new EdgeError('CERTIFICATE_FAILED_VALIDATION');
      if (commonNameOf(leaf) !== ca.verificationToken) throw new EdgeError('INVALID_COMMON_NAME');
      await store.write((tx) =>
        repositories.cas.update(tx, ca.id, {
          isVerified: true,
          verificationToken: '',
          updatedAt: new Date(nowMs).toISOString(),
        }),
      );
      return done();
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/cas/:id/jwt',
      access: 'ca.read',
      summary: 'The token with which holders of its certificates enrol',
      response: contentOf('application/jwt', 'An enrolment JWT without end'),
      errors: ['NOT_FOUND'],
    },
    async (request) => {
      const { id, isAutoCaEnrollmentEnabled } = await existing(request);
      if (!isAutoCaEnrollmentEnabled) throw notFound();
      return new Response(await caEnrollmentJwt(ctx, id), {
        headers: { 'content-type': 'application/jwt' },
      });
    },
  );
}

function parseLeaf(pem: string): X509Certificate {
  try {
    const [leaf] = certificatesOf(pem);
    if (leaf) return leaf;
  } catch {
    // Said below.
  }
  throw new EdgeError('EXPECTED_PEM_CERTIFICATE');
}

function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
}
