import { AppError } from '@postern/shared/errors';
import type { ProgramDialGrant } from '@postern/shared/schemas';
import { UnsecuredJWT } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { ProgramGrants } from './program-grants.ts';

const OUTAGE_S = 900;

function world() {
  let nowMs = 1_000_000;
  let made = 0;
  const request = vi.fn(() => {
    const expMs = nowMs + 120_000;
    const claims = {
      ...{ iss: 'i', aud: 'postern:dial', sub: 's', name: 'n', svc: 'v', sid: 'd', jti: 'j' },
      ...{ cnf: { jkt: 'x'.repeat(43) }, hosts: ['h'], iat: nowMs / 1000, exp: expMs / 1000 },
      out: expMs / 1000 + OUTAGE_S,
    };
    return Promise.resolve({
      dialGrant: new UnsecuredJWT(claims).encode(),
      accessToken: `token ${++made}`,
      expiresAt: new Date(expMs).toISOString(),
    } as ProgramDialGrant);
  });
  const grants = new ProgramGrants({ request, nowMs: () => nowMs });
  return { grants, request, pass: (ms: number) => (nowMs += ms) };
}

const unreachable = new AppError('ERR_CONTROLLER_UNREACHABLE', 'gone', { retryable: true });

describe('ProgramGrants', () => {
  it('asks once for all who want one, and again when it is nearly over', async () => {
    const { grants, request, pass } = world();
    expect(await Promise.all([grants.token(), grants.token()])).toEqual(['token 1', 'token 1']);
    pass(99_000);
    expect(await grants.token()).toBe('token 1');
    pass(2_000);
    expect(await grants.token()).toBe('token 2');
    expect(request).toHaveBeenCalledTimes(2);
  });

  it('has a new token after the old one was refused', async () => {
    const { grants } = world();
    await grants.token();
    await grants.forget();
    expect([await grants.token(), await grants.renew()]).toEqual(['token 2', 'token 3']);
  });

  it('uses the last one until its outage time while no controller can be reached', async () => {
    const { grants, request, pass } = world();
    await grants.current();
    request.mockRejectedValue(unreachable);
    pass((120 + OUTAGE_S) * 1000 - 1);
    expect(await grants.token()).toBe('token 1');
    pass(1);
    await expect(grants.token()).rejects.toBe(unreachable);
  });

  it('bridges no refusal', async () => {
    const { grants, request, pass } = world();
    await grants.current();
    const refusal = new AppError('ERR_ACCESS_NO_POLICY', 'no');
    request.mockRejectedValue(refusal);
    pass(119_000);
    await expect(grants.current()).rejects.toBe(refusal);
  });
});
