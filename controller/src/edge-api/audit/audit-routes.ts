/** Reading the audit log. Nothing writes to it over REST. */
import { z } from 'zod';
import { auditRecords } from '../../audit/audit-table.ts';
import { recordsAfter } from '../../audit/read-records.ts';
import type { ControllerContext } from '../../context.ts';
import { decodeRow } from '../../model/table.ts';
import { symbolNames } from '../../store/filter/symbols.ts';
import { listRows } from '../../store/list-rows.ts';
import { detailSchema } from '../entity-schema.ts';
import { detail, links, list } from '../envelope.ts';
import { notFound } from '../errors.ts';
import { listParameters, parseListQuery } from '../query.ts';
import { contentOf, detailOf, listOf } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

const MAX_PAGE = 500;
const plural = 'audit';
const symbols = { table: auditRecords };
const recordSchema = detailSchema(plural, auditRecords, {
  details: z.record(z.string(), z.unknown()),
});
const headSchema = z.strictObject({
  seq: z.int(),
  hash: z.string(),
  at: z.iso.datetime(),
  /** The three members above, signed: compact JWS, ES256. */
  jws: z.string(),
  /** JWK that verifies it. */
  publicKey: z.record(z.string(), z.unknown()),
});

export function addAuditRoutes(routes: EdgeRoutes, { store, audit }: ControllerContext): void {
  const shown = (record: { id: string }) => ({ ...record, _links: links(plural, record.id) });
  routes.add(
    {
      method: 'get',
      path: `/${plural}`,
      access: 'ops.read',
      summary: 'Audit records, newest first',
      operationId: 'listAuditRecords',
      query: listParameters,
      response: listOf(recordSchema),
    },
    async (request) => {
      const query = parseListQuery(request, { symbols, scope: {} });
      const limit = Math.min(query.limit ?? MAX_PAGE, MAX_PAGE);
      const sort = query.sort.length > 0 ? query.sort : [{ symbol: 'seq', descending: true }];
      const { rows, total } = await listRows(store.db, symbols, { ...query, sort, limit });
      const page = { limit, offset: query.offset, totalCount: total };
      return list(rows.map(shown), page, symbolNames(symbols));
    },
  );
  routes.add(
    {
      method: 'get',
      path: `/${plural}/head`,
      access: 'ops.read',
      summary: 'Sign the log as it stands now',
      operationId: 'signAuditHead',
      response: detailOf(headSchema),
    },
    async () => detail({ ...(await audit.sign()), publicKey: audit.publicKey }),
  );
  routes.add(
    {
      method: 'get',
      path: `/${plural}/export`,
      access: 'ops.read',
      summary: 'The log as JSON lines, oldest first',
      operationId: 'exportAudit',
      query: {
        after: {
          schema: z.string().regex(/^\d{1,15}$/, 'must be a whole number'),
          description: 'Only records after this number',
        },
      },
      response: contentOf('application/x-ndjson', 'One record a line'),
    },
    (request) => {
      const records = recordsAfter(store.db, Number(request.query('after') ?? 0));
      const encoder = new TextEncoder();
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const next = await records.next();
          if (next.done === true) controller.close();
          else controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
        },
        async cancel() {
          await records.return(undefined);
        },
      });
      return Promise.resolve(
        new Response(body, { headers: { 'content-type': 'application/x-ndjson' } }),
      );
    },
  );
  routes.add(
    {
      method: 'get',
      path: `/${plural}/:id`,
      access: 'ops.read',
      summary: 'One audit record',
      operationId: 'detailAuditRecord',
      response: detailOf(recordSchema),
    },
    async (request) => {
      const row = await store.db
        .selectFrom('auditRecords')
        .selectAll()
        .where('id', '=', request.param('id'))
        .executeTakeFirst();
      if (!row) throw notFound();
      return detail(shown(decodeRow(auditRecords, row)));
    },
  );
}
