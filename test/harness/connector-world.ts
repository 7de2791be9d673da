/**
 * A connector's inside, from the circuit to the app, with a controller's keys and callers of its
 * choice: the handshake, records and multiplexer are the real ones on both sides.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  generateP256KeyPair,
  jwkFromPoint,
  pointThumbprint,
  type P256KeyPair,
} from '@postern/shared/crypto';
import { createKeySet } from '@postern/shared/grants';
import type { LogFields, Logger } from '@postern/shared/log';
import { connectSecure } from '@postern/shared/protocol/handshake';
import type { SecureSession } from '@postern/shared/protocol/session';
import type { HostRevocation, HostState } from '@postern/shared/schemas';
import { SignJWT } from 'jose';
import { createBackend, type Backend, type RequestObservers } from '../../connector/src/backend.ts';
import { type ConnectorConfigInput, hostedServiceSchema } from '../../connector/src/config.ts';
import { createCookieSealer } from '../../connector/src/cookies/seal.ts';
import { SessionHost } from '../../connector/src/sessions/session-host.ts';
import { memoryCircuits } from './connector-memory-circuit.ts';

const issuer = 'https://controller.test';
const hostId = 'host-1';
export const applicationOrigin = 'https://wiki.example.com';

export interface Caller {
  identityId: string;
  sid: string;
  key: P256KeyPair;
}

export interface ConnectorWorld {
  /** Lines the connector logged. */
  readonly log: { event: string; fields: LogFields }[];
  readonly host: SessionHost;
  newCaller: (identityId?: string) => Promise<Caller>;
  open: (caller?: Caller, options?: OpenOptions) => Promise<SecureSession>;
  dialGrant: (caller: Caller, claims?: Record<string, unknown>) => Promise<string>;
  assertion: (caller: Caller, claims?: Record<string, unknown>) => Promise<string>;
  revoke: (revocation: HostRevocation) => void;
  close: () => Promise<void>;
}

export interface OpenOptions {
  serviceId?: string;
  grantClaims?: Record<string, unknown>;
  assertion?: string;
}

/** @param service what a connector's configuration says of the service, which has the id `svc-1`. */
export async function startConnectorWorld(
  service: Omit<NonNullable<ConnectorConfigInput['services']>[number], 'service'>,
  {
    cookieKey = randomBytes(32),
    isConnected = (): boolean => true,
    now = Date.now,
    observers,
  }: {
    cookieKey?: Uint8Array;
    isConnected?: () => boolean;
    now?: () => number;
    observers?: RequestObservers;
  } = {},
): Promise<ConnectorWorld> {
  const hostKey = await generateP256KeyPair();
  const signing = await generateP256KeyPair();
  const keys = (['grant', 'assertion'] as const).map((use) => ({
    kid: `${use}-1`,
    use,
    issuer,
    jwk: jwkFromPoint(signing.publicPoint),
  }));
  const sign = (typ: string, kid: string, claims: Record<string, unknown>) =>
    new SignJWT({ iss: issuer, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ, kid })
      .sign(signing.privateKey);
  const times = () => {
    const iat = Math.floor(now() / 1000);
    return { iat, exp: iat + 120, out: iat + 900 };
  };
  const bindGrantFor = (svc: string) =>
    sign('postern-bind+jwt', 'grant-1', {
      aud: 'postern:bind',
      sub: hostId,
      svc,
      cnf: { jwk: jwkFromPoint(hostKey.publicPoint) },
      ...times(),
    });
  const dialGrant = async (caller: Caller, claims: Record<string, unknown> = {}) =>
    sign('postern-dial+jwt', 'grant-1', {
      aud: 'postern:dial',
      sub: caller.identityId,
      name: caller.identityId,
      svc: 'svc-1',
      sid: caller.sid,
      cnf: { jkt: await pointThumbprint(caller.key.publicPoint) },
      hosts: [hostId],
      ...times(),
      ...claims,
    });
  const assertion = (caller: Caller, claims: Record<string, unknown> = {}) =>
    sign('JWT', 'assertion-1', {
      aud: applicationOrigin,
      sub: caller.identityId,
      name: caller.identityId,
      sid: caller.sid,
      ...times(),
      ...claims,
    });

  const sealer = createCookieSealer(cookieKey);
  const backend: Backend = createBackend(
    hostedServiceSchema.parse({ service: 'wiki', ...service }),
    sealer,
    observers,
  );
  const log: ConnectorWorld['log'] = [];
  const host = new SessionHost({
    hostId,
    keys: { forGrant: () => Promise.resolve(hostKey.privateKey) },
    limits: {
      maxStreams: 4096,
      maxStreamsPerSession: 256,
      maxGrantAgeMs: 600_000,
      resumeGraceMs: 30_000,
      resumeBufferBytes: 64 * 1024 * 1024,
    },
    isConnected,
    serve: (stream, caller) => backend.serve(stream, caller, applicationOrigin),
    logger: recordingLogger(log),
    now,
  });
  const state: HostState = {
    identity: { id: hostId, name: 'connector' },
    keys,
    routers: [],
    services: await Promise.all(
      ['svc-1', 'svc-2'].map(async (id) => ({
        id,
        name: id,
        bindGrant: await bindGrantFor(id),
        applicationOrigin,
      })),
    ),
  };
  host.update(state);

  const newCaller = async (identityId = 'alice'): Promise<Caller> => ({
    identityId,
    sid: randomUUID(),
    key: await generateP256KeyPair(),
  });
  return {
    log,
    host,
    newCaller,
    dialGrant,
    assertion,
    async open(caller, { serviceId = 'svc-1', grantClaims = {}, assertion: given } = {}) {
      const who = caller ?? (await newCaller());
      const grant = await dialGrant(who, { svc: serviceId, ...grantClaims });
      const ownAssertion = given ?? (await assertion(who));
      const [near, far] = memoryCircuits(randomUUID());
      host.accept(serviceId, far, { circuitId: far.circuitId, callerId: undefined });
      return connectSecure({
        circuit: near,
        serviceId,
        dialGrant: grant,
        assertion: ownAssertion,
        key: who.key,
        keys: createKeySet(keys),
      });
    },
    revoke: (revocation) => {
      host.revoke(revocation);
      backend.revoke(revocation);
    },
    async close() {
      host.close();
      await backend.close();
    },
  };
}

function recordingLogger(log: ConnectorWorld['log'], base: LogFields = {}): Logger {
  const note = (event: string, fields: LogFields = {}) =>
    void log.push({ event, fields: { ...base, ...fields } });
  return {
    debug: note,
    info: note,
    warn: note,
    error: note,
    child: (fields) => recordingLogger(log, { ...base, ...fields }),
  };
}
