/** An external issuer of JWTs with a JWKS of its own on a real HTTP server. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';

export interface TestIssuer {
  readonly issuer: string;
  readonly jwksEndpoint: string;
  sign(claims?: JWTPayload): Promise<string>;
  /** From now on another key signs, and the JWKS has it alone. */
  rotate(): Promise<void>;
  /** Serves these keys from now on; the URL to fetch them from. */
  serve(keys: readonly object[]): string;
  close(): Promise<void>;
}

/** `clock`: the controller's, ms since 1970. */
export async function startTestIssuer(
  issuer: string,
  clock: () => number = Date.now,
): Promise<TestIssuer> {
  let serial = 0;
  const newKey = async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const kid = `k${++serial}`;
    return { privateKey, kid, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
  };
  let key = await newKey();
  let served: readonly object[] | undefined;
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: served ?? [key.jwk] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const jwksEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  return {
    issuer,
    jwksEndpoint,
    serve: (keys) => {
      served = keys;
      return jwksEndpoint;
    },
    sign: (claims = {}) => {
      const iat = Math.floor(clock() / 1000);
      return new SignJWT({ iss: issuer, aud: 'postern', iat, exp: iat + 300, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: key.kid })
        .sign(key.privateKey);
    },
    rotate: async () => {
      key = await newKey();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
