import type { ControllerContext } from '../context.ts';
import { envOf } from './client/own-list.ts';
import { answerList } from './crud.ts';
import { controllers } from './entities/controllers.ts';
import type { Access } from './permissions.ts';
import { listParameters } from './query.ts';
import { listOf } from './responses.ts';
import type { EdgeRoutes } from './routes.ts';

/** `GET /controllers`, which both APIs have: clients learn where else they may go. */
export function addControllerRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  access: Access,
): void {
  routes.add(
    {
      method: 'get',
      path: '/controllers',
      access,
      summary: 'Controllers of this network',
      operationId: 'listControllers',
      query: listParameters,
      response: listOf(controllers.schema),
    },
    (request) => answerList(controllers, envOf(ctx, request)),
  );
}
