/** Role attributes in use: for completing them in consoles and command lines. */
import { sql } from 'kysely';
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { defineTable, text } from '../../model/table.ts';
import { dialectOf } from '../../store/dialect.ts';
import { compileFilter } from '../../store/filter/compile.ts';
import { parseFilter } from '../../store/filter/parser.ts';
import { ROOT } from '../../store/filter/symbols.ts';
import { list } from '../envelope.ts';
import type { Access } from '../permissions.ts';
import { listOf } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

const LISTS: readonly (readonly [path: string, table: string, access: Access])[] = [
  ['identity', 'identities', 'identity.read'],
  ['service', 'services', 'service.read'],
  ['edge-router', 'edgeRouters', 'router.read'],
  ['posture-check', 'postureChecks', 'posture-check.read'],
];

/** The attributes as a table of one column. */
const symbols = { table: defineTable('roleAttributes', { id: text() }) };

/** Arrays of strings, always whole: `limit`, `offset` and `sort` are ignored, as OpenZiti's are. */
export function addRoleAttributeRoutes(routes: EdgeRoutes, { store }: ControllerContext): void {
  for (const [kind, table, access] of LISTS) {
    routes.add(
      {
        method: 'get',
        path: `/${kind}-role-attributes`,
        access,
        summary: `Role attributes in use on ${kind}s; the filter's symbol is \`id\``,
        query: { filter: { schema: z.string(), description: 'Filter expression over `id`' } },
        response: listOf(z.string()),
      },
      async (request) => {
        const dialect = dialectOf(store.db);
        const { where } = parseFilter(request.query('filter') ?? '');
        const condition = where ? compileFilter(where, symbols, dialect) : sql`1 = 1`;
        const values = dialect.elements(sql.ref('r.roleAttributes'), 'attribute');
        const { rows } = await sql<{ id: string }>`
          select id from (
            select distinct attribute.value as id from ${sql.table(table)} as r, ${values}
          ) as ${sql.ref(ROOT)} where ${condition}`.execute(store.db);
        const used = rows.map(({ id }) => id).sort();
        const page = { limit: Math.max(used.length, 1), offset: 0, totalCount: used.length };
        return list(used, page, ['id']);
      },
    );
  }
}
