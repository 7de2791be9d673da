import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { newEntity } from '../../model/defaults.ts';
import type { SessionCertificate } from '../../model/second-factors.ts';
import { repositories } from '../../store/repositories.ts';
import { detail, done, links, list } from '../envelope.ts';
import { notFound } from '../errors.ts';
import {
  detailOf,
  doneResponse,
  linksSchema,
  listOf,
  tagsSchema,
  timeSchema,
} from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';

const OWN = '/current-api-session/certificates';
/** Live certificates of one session. */
const MAX_CERTIFICATES = 16;

const certificateSchema = z
  .strictObject({
    id: z.string(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    tags: tagsSchema,
    subject: z.string(),
    fingerprint: z.string(),
    validFrom: timeSchema,
    validTo: timeSchema,
    certificate: z.string(),
    _links: linksSchema,
  })
  .meta({ id: 'CurrentApiSessionCertificate' });
const issuedSchema = z.strictObject({
  id: z.string(),
  certificate: z.string(),
  cas: z.string(),
  _links: linksSchema,
});

/** Short-lived client certificates for sessions that have none of their own (specs/edge-api.md §3.4). */
export function addSessionCertificateRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, pki, clock } = ctx;
  const live = async (request: EdgeRequest): Promise<SessionCertificate[]> => {
    const apiSessionId = request.caller.session.id;
    const rows = await repositories.sessionCertificates.find(store.db, { apiSessionId });
    return rows.filter(({ validTo }) => Date.parse(validTo) > clock());
  };
  const one = async (request: EdgeRequest): Promise<SessionCertificate> => {
    const row = (await live(request)).find(({ id }) => id === request.param('id'));
    if (!row) throw notFound();
    return row;
  };
  const show = ({ certPem, apiSessionId: _, ...row }: SessionCertificate) => ({
    ...row,
    certificate: certPem,
    _links: links('current-api-session/certificates', row.id),
  });

  routes.add(
    {
      method: 'get',
      path: OWN,
      access: 'session',
      summary: 'Certificates of this session',
      response: listOf(certificateSchema),
    },
    async (request) => {
      const rows = await live(request);
      const page = { limit: MAX_CERTIFICATES, offset: 0, totalCount: rows.length };
      return list(rows.map(show), page, ['id', 'fingerprint']);
    },
  );
  routes.add(
    {
      method: 'get',
      path: `${OWN}/:id`,
      access: 'session',
      summary: 'One certificate of this session',
      response: detailOf(certificateSchema),
      errors: ['NOT_FOUND'],
    },
    async (request) => detail(show(await one(request))),
  );
  routes.add(
    {
      method: 'post',
      path: OWN,
      access: 'session',
      summary: 'Issue a certificate for this session, good for 12 hours at most',
      body: z.object({ csr: z.string().min(1).max(16_384) }),
      response: detailOf(issuedSchema, 201),
      errors: ['COULD_NOT_PROCESS_CSR'],
    },
    async (request) => {
      const { session } = request.caller;
      const entity = newEntity(clock());
      const issued = await pki.issueSession(request.body.csr, {
        certificateId: entity.id,
        identityId: session.identityId,
        apiSessionId: session.id,
      });
      await store.write(async (tx) => {
        const own = await repositories.sessionCertificates.find(tx.db, {
          apiSessionId: session.id,
        });
        // The newest stay; by far enough for a client that renews.
        const old = own.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
        for (const { id } of old.slice(0, Math.max(0, old.length - MAX_CERTIFICATES + 1)))
          await repositories.sessionCertificates.remove(tx, id);
        await repositories.sessionCertificates.insert(tx, {
          ...entity,
          tags: {},
          apiSessionId: session.id,
          subject: issued.subject,
          fingerprint: issued.fingerprint,
          certPem: issued.leafPem,
          validFrom: issued.notBefore.toISOString(),
          validTo: issued.notAfter.toISOString(),
        });
      });
      return {
        ...detail({
          id: entity.id,
          certificate: issued.chainPem,
          cas: pki.trustBundlePem,
          _links: links('current-api-session/certificates', entity.id),
        }),
        status: 201,
      };
    },
  );
  routes.add(
    {
      method: 'delete',
      path: `${OWN}/:id`,
      access: 'session',
      summary: 'Forget a certificate of this session',
      response: doneResponse,
      errors: ['NOT_FOUND'],
    },
    async (request) => {
      const { id } = await one(request);
      await store.write((tx) => repositories.sessionCertificates.remove(tx, id));
      return done();
    },
  );
}
