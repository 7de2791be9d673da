import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { networkJwt } from '../../enroll/issue.ts';
import { list } from '../envelope.ts';
import { listOf } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

/** `GET /network-jwts`: where the network is, for clients that enrol by an external JWT. */
export function addNetworkJwtRoute(routes: EdgeRoutes, ctx: ControllerContext): void {
  routes.add(
    {
      method: 'get',
      path: '/network-jwts',
      access: 'anyone',
      summary: 'Tokens that tell clients where this network is',
      response: listOf(z.strictObject({ name: z.string(), token: z.string() })),
    },
    async () => {
      const token = await networkJwt(ctx);
      return list(
        [{ name: ctx.config.trustDomain, token }],
        { limit: 1, offset: 0, totalCount: 1 },
        ['name'],
      );
    },
  );
}
