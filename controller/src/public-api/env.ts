import type { HttpBindings } from '@hono/node-server';

/** What the public listener's handlers share per request. */
export interface PublicEnv {
  Bindings: HttpBindings;
  Variables: { requestId: string };
}
