/** What a route declares of itself: whom it serves, what it takes, what it answers. */
import type { z } from 'zod';
import type { EdgeErrorCode } from './errors.ts';
import type { Access } from './permissions.ts';
import type { ResponseSpec } from './responses.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/**
 * Which allowance a request draws on (`config.limits`): `login` counts attempts by address and is
 * for whatever tests a secret; `admin` and `client` count requests by session, or by address
 * when there is none.
 */
export type RateClass = 'login' | 'admin' | 'client';

export interface QueryParameter {
  /** Judges the text; for a repeatable parameter, the array of texts. */
  readonly schema: z.ZodType;
  readonly description: string;
  /** Given any number of times. */
  readonly repeatable?: boolean;
}
export type QueryParameters = Readonly<Record<string, QueryParameter>>;

export interface RouteSpec<Body = unknown> {
  readonly method: Method;
  /** Hono path below the API's base. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** Default: from method and path. */
  readonly operationId?: string;
  /** Default: the first segment of the path. */
  readonly tag?: string;
  /** Parameters that are judged before the handler runs; others are ignored. */
  readonly query?: QueryParameters;
  /** JSON body; absent: the handler reads it, or it is ignored. */
  readonly body?: z.ZodType<Body>;
  /** Describes a body that the handler itself reads and judges. */
  readonly describedBody?: z.ZodType;
  /** Media types of the body; default JSON. A body of another declared type is refused: 415. */
  readonly accepts?: readonly string[];
  /** The answer when all is well. */
  readonly response?: ResponseSpec;
  /** Errors beyond those that follow from the rest of the declaration (`errorStatuses`). */
  readonly errors?: readonly EdgeErrorCode[];
  /** Default: the API's own class. */
  readonly rate?: RateClass;
  /** Why the operation, kept for existing clients, does nothing or little here: for docs/api.md. */
  readonly note?: string;
}

export const JSON_ONLY: readonly string[] = ['application/json'];

/** Whether a request's body means anything to the route. */
export function takesBody({ body, describedBody, accepts }: RouteSpec): boolean {
  return body !== undefined || describedBody !== undefined || accepts !== undefined;
}
