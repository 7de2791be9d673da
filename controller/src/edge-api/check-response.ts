import { AppError } from '@postern/shared/errors';
import type { EdgeReply } from './envelope.ts';
import type { RouteSpec } from './route-spec.ts';

/**
 * Holds an answer to what its route declares; on in tests, so that the OpenAPI documents cannot
 * say what is not so. @throws AppError ERR_EDGE_API_RESPONSE_UNDECLARED
 */
export async function requireDeclared(
  { method, path, response }: RouteSpec,
  reply: EdgeReply | Response,
): Promise<void> {
  if (!response) return;
  const refuse = (why: string): never => {
    throw new AppError(
      'ERR_EDGE_API_RESPONSE_UNDECLARED',
      `${method.toUpperCase()} ${path}: ${why}`,
    );
  };
  if (reply.status !== response.status)
    refuse(`answered ${reply.status}, declares ${response.status}`);
  if (reply instanceof Response) {
    const type = reply.headers.get('content-type') ?? '';
    if (!type.startsWith(response.contentType))
      refuse(`answered ${type}, declares ${response.contentType}`);
  }
  if (!response.body) return;
  // As clients see it: undefined members are gone.
  const body: unknown =
    reply instanceof Response ? await reply.clone().json() : JSON.parse(JSON.stringify(reply.body));
  const result = response.body.safeParse(body);
  if (!result.success)
    refuse(
      result.error.issues
        .slice(0, 5)
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; '),
    );
}
