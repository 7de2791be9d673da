import type { ControllerContext } from '../../context.ts';
import type { RowOf, Table } from '../../model/table.ts';
import { symbolNames, type SymbolTable } from '../../store/filter/symbols.ts';
import { listRows } from '../../store/list-rows.ts';
import type { Env, EntityDefinition } from '../crud.ts';
import { list, type EdgeReply } from '../envelope.ts';
import { parseListQuery } from '../query.ts';
import type { EdgeRequest } from '../routes.ts';

/** What rendering functions work with, for the caller of a request. */
export function envOf(ctx: ControllerContext, request: EdgeRequest): Env {
  return {
    ctx,
    db: ctx.store.db,
    nowMs: ctx.clock(),
    identity: request.caller.identity,
    request,
  };
}

/** One page of the rows with these ids, filtered by an entity's symbols and shown in another form. */
export async function answerOwnList<T extends Table>(
  { ctx, request }: { ctx: ControllerContext; request: EdgeRequest },
  definition: EntityDefinition & { symbols: SymbolTable & { table: T } },
  ids: readonly string[],
  show: (rows: RowOf<T>[]) => Promise<readonly unknown[]> | readonly unknown[],
): Promise<EdgeReply> {
  const query = parseListQuery(request, definition);
  const { rows, total } = await listRows(ctx.store.db, definition.symbols, { ...query, ids });
  return list(
    await show(rows),
    { limit: query.limit ?? Math.max(total, 1), offset: query.offset, totalCount: total },
    symbolNames(definition.symbols),
  );
}
