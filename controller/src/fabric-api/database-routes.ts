/** Checks of the database, on `/fabric/v1/database` and on the Management API. */
import { z } from 'zod';
import type { ControllerContext } from '../context.ts';
import { detail } from '../edge-api/envelope.ts';
import { EdgeError } from '../edge-api/errors.ts';
import { detailOf, timeSchema } from '../edge-api/responses.ts';
import type { EdgeRoutes } from '../edge-api/routes.ts';
import { createDataIntegrity, type DataIntegrity } from './data-integrity.ts';
import { createDatabaseSnapshots, type DatabaseSnapshots } from './database-snapshot.ts';

const resultsSchema = z
  .strictObject({
    inProgress: z.boolean(),
    fixingErrors: z.boolean(),
    tooManyErrors: z.boolean(),
    startTime: timeSchema.nullable(),
    endTime: timeSchema.nullable(),
    error: z.string().nullable(),
    results: z.array(z.strictObject({ description: z.string(), fixed: z.boolean() })),
  })
  .meta({ id: 'DataIntegrityCheckResults' });

/** What both APIs do to the one database. */
export interface DatabaseOperations {
  readonly integrity: DataIntegrity;
  readonly snapshots: DatabaseSnapshots;
}

export function createDatabaseOperations(ctx: ControllerContext): DatabaseOperations {
  return { integrity: createDataIntegrity(ctx), snapshots: createDatabaseSnapshots(ctx) };
}

export function addDatabaseRoutes(
  routes: EdgeRoutes,
  { integrity, snapshots }: DatabaseOperations,
): void {
  routes.add(
    {
      method: 'post',
      path: '/database/snapshot',
      access: 'admin',
      summary: 'Back the database up to a file in the controller’s data folder; one a minute',
      response: detailOf(z.strictObject({ path: z.string() })),
      errors: ['RATE_LIMITED'],
    },
    async () => detail({ path: await snapshots.take() }),
  );
  for (const [name, fix] of [
    ['check', false],
    ['fix', true],
  ] as const) {
    routes.add(
      {
        method: 'post',
        path: `/database/${name}-data-integrity`,
        access: 'admin',
        summary: fix
          ? 'Take what is missing out of the policies that name it'
          : 'Look for policies that name what is missing',
        response: { ...detailOf(z.strictObject({}), 202), description: 'Started' },
        errors: ['SERVER_TOO_MANY_REQUESTS'],
      },
      () => {
        if (!integrity.start(fix))
          throw new EdgeError('SERVER_TOO_MANY_REQUESTS', 'a check is already under way');
        return Promise.resolve({ ...detail({}), status: 202 });
      },
    );
  }
  routes.add(
    {
      method: 'get',
      path: '/database/data-integrity-results',
      access: 'admin',
      summary: 'The last check of this controller',
      response: detailOf(resultsSchema),
    },
    () => Promise.resolve(detail(integrity.results)),
  );
}
