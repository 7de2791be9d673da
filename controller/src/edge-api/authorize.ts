/** Who calls, and whether the route is for them. Failures are 401, never 403. */
import {
  isCaller,
  MAX_BEARERS,
  resolveCaller,
  type Caller,
  type Challenge,
  type Credentials,
} from '../auth/api-sessions.ts';
import type { ControllerContext } from '../context.ts';
import { EdgeError } from './errors.ts';
import { mayAccess, type Access } from './permissions.ts';
import type { EdgeContext } from './routes.ts';

/** The caller, if any. @throws EdgeError UNAUTHORIZED when the route needs one who has proved all. */
export async function identify(
  ctx: ControllerContext,
  c: EdgeContext,
  access: Access,
): Promise<Caller | undefined> {
  const credentials = credentialsOf(c);
  // Routes open to anyone tolerate any bearer token: consoles send meaningless ones, logins their proof.
  if (access === 'anyone' && credentials.ztSession === undefined) return undefined;
  const resolved = await resolveCaller(ctx, credentials);
  if (access === 'anyone') return isCaller(resolved) ? resolved : undefined;
  if (!isCaller(resolved)) {
    challenge(c, resolved);
    throw new EdgeError('UNAUTHORIZED');
  }
  if (access !== 'partial-session' && resolved.authQueries.length > 0) {
    if (resolved.authQueries.some(({ typeId }) => typeId === 'EXT-JWT'))
      challenge(c, { realm: 'openziti-secondary-ext-jwt', error: 'missing' });
    throw new EdgeError('UNAUTHORIZED');
  }
  return resolved;
}

/** @throws EdgeError UNAUTHORIZED when the route is not for the caller. */
export function requireAccess(caller: Caller | undefined, access: Access): void {
  if (caller ? !mayAccess(caller.identity, access) : access !== 'anyone')
    throw new EdgeError('UNAUTHORIZED');
}

/** The tokens of a request: several bearers come in several headers, which reach us joined by commas. */
export function credentialsOf(c: EdgeContext): Credentials {
  return {
    ztSession: c.req.header('zt-session'),
    bearers: (c.req.header('authorization') ?? '')
      .split(',')
      .flatMap((one) => /^\s*Bearer ([^\s,]+)\s*$/i.exec(one)?.[1] ?? [])
      .slice(0, MAX_BEARERS),
  };
}

function challenge(
  c: EdgeContext,
  {
    realm,
    error,
  }: { realm: Challenge['realm'] | 'openziti-secondary-ext-jwt'; error: Challenge['error'] },
): void {
  const scheme = realm === 'zt-session' ? 'zt-session' : 'Bearer';
  c.header('WWW-Authenticate', `${scheme} realm="${realm}", error="${error}"`);
}
