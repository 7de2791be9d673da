/** Which hosts and origins the public listener answers: an exact list, from the configuration and the store. */
import { isIP } from 'node:net';
import type { ControllerContext } from '../context.ts';

export interface Origins {
  /** True for the login origin and the origin of any application. */
  isAllowed(origin: string): Promise<boolean>;
  /** True for our public name, or a name that no DNS rebinding can produce. */
  isOurHost(host: string | undefined): boolean;
}

export function createOrigins(ctx: ControllerContext): Origins {
  const publicHost = new URL(ctx.endpoints.public).host;
  return {
    isAllowed: async (origin) => {
      if (origin === ctx.config.loginOrigin) return true;
      const row = await ctx.store.db
        .selectFrom('applications')
        .select('id')
        .where('origin', '=', origin)
        .executeTakeFirst();
      return row !== undefined;
    },
    isOurHost: (host) => {
      if (host === undefined) return false;
      if (host === publicHost) return true;
      const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
      return isIP(name) !== 0 || name === 'localhost';
    },
  };
}
