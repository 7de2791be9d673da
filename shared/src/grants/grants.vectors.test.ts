import { decodeProtectedHeader, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  importVectorKey,
  pinned,
  pinnedSignature,
  vectorKey,
} from '../../../test/harness/vectors.ts';
import { jwkFromPoint, pointThumbprint } from '../crypto/index.ts';
import {
  APP_TOKEN_TYP,
  ASSERTION_TYP,
  BIND_GRANT_TYP,
  DIAL_GRANT_TYP,
  createKeySet,
  serviceResource,
  verifyAppToken,
  verifyAssertion,
  verifyBindGrant,
  verifyDialGrant,
  type KeyUse,
} from './index.ts';

const ISSUER = 'https://controller.test/oidc';
const NOW_SECONDS = 1_800_000_000;
const time = { nowMs: NOW_SECONDS * 1000, connected: true };
const jwk = jwkFromPoint(vectorKey.point);
const keys = createKeySet(
  (['grant', 'token', 'assertion'] as const).map((use) => ({
    kid: `${use}-1`,
    use,
    issuer: ISSUER,
    jwk,
  })),
);

async function compute() {
  const jkt = await pointThumbprint(vectorKey.point);
  const key = await importVectorKey();
  const times = (lifeSeconds: number) => ({ iat: NOW_SECONDS, exp: NOW_SECONDS + lifeSeconds });
  const out = NOW_SECONDS + 900;
  const token = async (
    name: string,
    use: KeyUse,
    typ: string,
    claims: Record<string, unknown> & { sub: string },
  ) => {
    const header = { alg: 'ES256', kid: `${use}-1`, typ };
    const payload = { iss: ISSUER, ...claims };
    const compact = await pinnedSignature('grants', name, () =>
      new SignJWT(payload).setProtectedHeader(header).sign(key),
    );
    return { header, payload, compact };
  };
  const dialGrant = await token('dialGrantCompact', 'grant', DIAL_GRANT_TYP, {
    aud: 'postern:dial',
    sub: 'alice',
    name: 'Alice',
    svc: 'wiki',
    sid: 'sid-1',
    cnf: { jkt },
    hosts: ['host-1'],
    ...times(120),
    out,
    jti: 'jti-1',
  });
  const bindGrant = await token('bindGrantCompact', 'grant', BIND_GRANT_TYP, {
    aud: 'postern:bind',
    sub: 'host-1',
    svc: 'wiki',
    cnf: { jwk },
    ...times(3600),
    out: NOW_SECONDS + 4500,
    jti: 'jti-2',
  });
  const appToken = await token('appTokenCompact', 'token', APP_TOKEN_TYP, {
    aud: serviceResource('wiki'),
    sub: 'alice',
    client_id: 'app-1',
    cnf: { jkt },
    sid: 'sid-1',
    ...times(300),
    out,
  });
  const assertion = await token('assertionCompact', 'assertion', ASSERTION_TYP, {
    aud: 'https://wiki.test',
    sub: 'alice',
    name: 'Alice',
    email: 'alice@example.test',
    sid: 'sid-1',
    ...times(900),
  });
  return {
    key: jwk,
    jkt,
    dialGrant: { header: dialGrant.header, payload: dialGrant.payload },
    dialGrantCompact: dialGrant.compact,
    bindGrant: { header: bindGrant.header, payload: bindGrant.payload },
    bindGrantCompact: bindGrant.compact,
    appToken: { header: appToken.header, payload: appToken.payload },
    appTokenCompact: appToken.compact,
    assertion: { header: assertion.header, payload: assertion.payload },
    assertionCompact: assertion.compact,
  };
}

describe('grant vectors', () => {
  it('match test/vectors/grants.json, and verify', async () => {
    const computed = await compute();
    const vectors = pinned('grants', computed);
    expect(computed).toEqual(vectors);
    const { dialGrantCompact, bindGrantCompact, appTokenCompact, assertionCompact } = vectors;
    for (const [token, { header }] of [
      [dialGrantCompact, vectors.dialGrant],
      [bindGrantCompact, vectors.bindGrant],
      [appTokenCompact, vectors.appToken],
      [assertionCompact, vectors.assertion],
    ] as const) {
      expect(decodeProtectedHeader(token)).toEqual(header);
    }
    const dial = { keys, time, serviceId: 'wiki', hostId: 'host-1', thumbprint: vectors.jkt };
    expect(await verifyDialGrant(dialGrantCompact, dial)).toEqual(vectors.dialGrant.payload);
    const bind = { keys, time, serviceId: 'wiki', hosts: ['host-1'] };
    expect(await verifyBindGrant(bindGrantCompact, bind)).toEqual(vectors.bindGrant.payload);
    const app = { keys, time, serviceId: 'wiki', thumbprint: vectors.jkt };
    expect(await verifyAppToken(appTokenCompact, app)).toEqual(vectors.appToken.payload);
    const assertion = { keys, nowMs: time.nowMs, audience: 'https://wiki.test' };
    expect(await verifyAssertion(assertionCompact, assertion)).toEqual(vectors.assertion.payload);
  });
});
