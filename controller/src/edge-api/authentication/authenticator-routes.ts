import { certificatesOf } from '@postern/node/tls';
import { z } from 'zod';
import { anchorOf } from '../../auth/certificate-login.ts';
import { peerCertificateOf, verifyClientCertificate } from '../../auth/client-certificate.ts';
import { hashPassword } from '../../auth/passwords.ts';
import type { ControllerContext } from '../../context.ts';
import { confirmExtension, extendAuthenticator } from '../../enroll/extend.ts';
import { issueEnrollment } from '../../enroll/issue.ts';
import type { Authenticator } from '../../model/identities.ts';
import { endApiSessions } from '../../sessions/end-sessions.ts';
import {
  endPasswordSignIns,
  endSessionsByAuthenticator,
} from '../../sign-in/end-sessions-by-authenticator.ts';
import { repositories } from '../../store/repositories.ts';
import type { WriteTx } from '../../store/store.ts';
import { answerList, renderRows, type Env } from '../entity-definition.ts';
import { authenticators, requirePassword } from '../entities/authenticators.ts';
import { futureTime } from '../entities/enrollments.ts';
import { created, detail, done } from '../envelope.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { createdResponse, detailOf, doneResponse, listOf } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';

const OWN = '/current-identity/authenticators';
const csr = z.string().min(1).max(16_384);

/** The caller's own ways to log in (specs/edge-api.md §3.4). */
export function addOwnAuthenticatorRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock } = ctx;
  const envOf = (request: EdgeRequest): Env => ({
    ctx,
    db: store.db,
    nowMs: clock(),
    identity: request.caller.identity,
    request,
  });
  const own = async (request: EdgeRequest): Promise<Authenticator> => {
    const row = await repositories.authenticators.get(store.db, request.param('id'));
    if (row?.identityId !== request.caller.identity.id) throw notFound();
    return row;
  };
  const peerOf = ({ context }: EdgeRequest) => peerCertificateOf(context.env.incoming.socket);

  routes.add(
    {
      method: 'get',
      path: OWN,
      access: 'session',
      summary: 'The caller’s authenticators',
      response: listOf(authenticators.schema),
    },
    async (request) => {
      const rows = await repositories.authenticators.find(store.db, {
        identityId: request.caller.identity.id,
      });
      return answerList(
        authenticators,
        envOf(request),
        rows.map(({ id }) => id),
      );
    },
  );
  routes.add(
    {
      method: 'get',
      path: `${OWN}/:id`,
      access: 'session',
      summary: 'One of the caller’s authenticators',
      response: detailOf(authenticators.schema),
      errors: ['NOT_FOUND'],
    },
    async (request) => {
      const [data] = await renderRows(authenticators, [await own(request)], envOf(request));
      return detail(data);
    },
  );
  for (const method of ['put', 'patch'] as const) {
    routes.add(
      {
        method,
        path: `${OWN}/:id`,
        access: 'session',
        summary: 'Change the caller’s user name or password, knowing the present one',
        rate: 'login',
        body: z.object({
          currentPassword: z.string().min(1).max(100),
          username: z.string().min(4).max(100).optional(),
          password: z.string().min(5).max(100).optional(),
        }),
        response: doneResponse,
        errors: ['NOT_FOUND', 'CAN_NOT_UPDATE_AUTHENTICATOR'],
      },
      async (request) => {
        const row = await own(request);
        if (row.method !== 'updb') throw new EdgeError('CAN_NOT_UPDATE_AUTHENTICATOR');
        const { currentPassword, password, username = row.username ?? '' } = request.body;
        const proven = await ctx.auth.verifyPassword(row.username ?? '', currentPassword);
        if (!proven) throw new EdgeError('UNAUTHORIZED');
        if (password !== undefined) await requirePassword(store.db, row.identityId, password);
        const secret = password === undefined ? {} : { passwordHash: await hashPassword(password) };
        await store.write(async (tx) => {
          const [other] = await repositories.authenticators.find(tx.db, { username });
          if (other && other.id !== row.id)
            throw fieldError('username', 'duplicate value, username must be unique', username);
          const updatedAt = new Date(clock()).toISOString();
          await repositories.authenticators.update(tx, row.id, { username, ...secret, updatedAt });
          if (password === undefined) return;
          // Whoever else knew the old password is out; the caller stays.
          const opened = await repositories.apiSessions.find(tx.db, { authenticatorId: row.id });
          const others = opened.filter(({ id }) => id !== request.caller.session.id);
          await endApiSessions(tx, others, clock());
          await endPasswordSignIns(tx, row.identityId, clock());
        });
        return done();
      },
    );
  }
  routes.add(
    {
      method: 'post',
      path: `${OWN}/:id/extend`,
      access: 'session',
      summary:
        'Issue the successor of the caller’s certificate, over mutual TLS with the present one',
      body: z.object({ clientCertCsr: csr }),
      response: detailOf(z.strictObject({ clientCert: z.string(), ca: z.string() })),
      errors: ['NOT_FOUND', 'INVALID_CLIENT_CERT', 'COULD_NOT_PROCESS_CSR'],
    },
    async (request) => {
      const { clientCertCsr } = request.body;
      return detail(
        await extendAuthenticator(ctx, await own(request), peerOf(request), clientCertCsr),
      );
    },
  );
  routes.add(
    {
      method: 'post',
      path: `${OWN}/:id/extend-verify`,
      access: 'session',
      summary: 'Confirm that the successor of the certificate has arrived: it replaces the old one',
      body: z.object({ clientCert: z.string().min(1).max(65_536) }),
      response: doneResponse,
      errors: ['NOT_FOUND', 'INVALID_CLIENT_CERT'],
    },
    async (request) => {
      await confirmExtension(ctx, await own(request), request.body.clientCert);
      return done();
    },
  );
}

/** What administrators ask of authenticators beyond the usual routes (specs/edge-api.md §2.2). */
export function addAuthenticatorActions(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock } = ctx;
  const existing = async (request: EdgeRequest): Promise<Authenticator> => {
    const row = await repositories.authenticators.get(store.db, request.param('id'));
    if (!row) throw notFound();
    return row;
  };
  routes.add(
    {
      method: 'post',
      path: '/authenticators/:id/re-enroll',
      access: 'admin',
      summary: 'Replace an authenticator by a new enrolment of the same method',
      body: z.object({ expiresAt: futureTime }),
      response: createdResponse,
      errors: ['NOT_FOUND', 'ENROLLMENT_EXISTS', 'ENROLLMENT_NO_VALID_CAS'],
    },
    async (request) => {
      const { expiresAt } = request.body;
      if (Date.parse(expiresAt) <= clock())
        throw fieldError('expiresAt', 'must be in the future', expiresAt);
      const row = await existing(request);
      const values = await enrolmentInPlaceOf(ctx, row);
      const enrollment = await store.write(async (tx) => {
        const { identityId } = row;
        const pending = await repositories.enrollments.find(tx.db, {
          identityId,
          method: values.method,
        });
        if (pending.length > 0) throw new EdgeError('ENROLLMENT_EXISTS');
        await endSessionsByAuthenticator(tx, row, clock());
        await repositories.authenticators.remove(tx, row.id);
        return issueEnrollment(tx, ctx, { ...values, identityId, expiresAt });
      });
      return created('enrollments', enrollment.id);
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/authenticators/:id/request-extend',
      access: 'admin',
      summary: 'Ask the holder of a certificate to renew it, with a new key if so said',
      body: z.object({ rollKeys: z.boolean().default(false) }),
      response: doneResponse,
      errors: ['NOT_FOUND', 'CAN_NOT_UPDATE_AUTHENTICATOR'],
    },
    async (request) => {
      const row = await existing(request);
      if (row.method !== 'cert' || !row.isIssuedByNetwork)
        throw new EdgeError('CAN_NOT_UPDATE_AUTHENTICATOR');
      await store.write((tx) => requestExtension(tx, row, request.body.rollKeys, clock()));
      return done();
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/identities/:id/request-extend',
      access: 'admin',
      summary: 'Ask the holder of an identity to renew its certificates of this network',
      operationId: 'requestExtendAllCertAuthenticators',
      body: z.object({ rollKeys: z.boolean().default(false) }),
      response: doneResponse,
    },
    async (request) => {
      await store.write(async (tx) => {
        const identity = await repositories.identities.get(tx.db, request.param('id'));
        if (!identity) throw notFound();
        const rows = await repositories.authenticators.find(tx.db, {
          identityId: identity.id,
          method: 'cert',
          isIssuedByNetwork: true,
        });
        for (const row of rows) await requestExtension(tx, row, request.body.rollKeys, clock());
      });
      return done();
    },
  );
}

async function requestExtension(
  tx: WriteTx,
  { id }: Pick<Authenticator, 'id'>,
  isKeyRollRequested: boolean,
  nowMs: number,
): Promise<void> {
  const extendRequestedAt = new Date(nowMs).toISOString();
  await repositories.authenticators.update(tx, id, {
    isExtendRequested: true,
    isKeyRollRequested,
    extendRequestedAt,
  });
}

/** A certificate of another authority is enrolled again by that authority. */
async function enrolmentInPlaceOf({ store, clock }: ControllerContext, row: Authenticator) {
  if (row.method === 'updb') return { method: 'updb', username: row.username } as const;
  if (row.isIssuedByNetwork) return { method: 'ott' } as const;
  const [leaf] = certificatesOf(row.certPem ?? '');
  const cas = await repositories.cas.find(store.db, {
    isVerified: true,
    isOttCaEnrollmentEnabled: true,
  });
  const ca = cas.find(
    (one) => leaf && verifyClientCertificate({ leaf, intermediates: [] }, [anchorOf(one)], clock()),
  );
  if (!ca) throw new EdgeError('ENROLLMENT_NO_VALID_CAS');
  return { method: 'ottca', caId: ca.id } as const;
}
