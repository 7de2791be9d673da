import { describe, expect, it } from 'vitest';
import { pinned } from '../../../../test/harness/vectors.ts';
import { fromHex, toHex } from '../../bytes/index.ts';
import { sha256 } from '../../crypto/index.ts';
import { CONTROL_LIMITS, decodeMessage, encodeMessage } from '../channel/index.ts';
import { controlMessages, type ControlBody, type ControlType } from './messages.ts';
import { ControlAssembler, splitControl } from './split.ts';

const jwk = { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) } as const;
const signingKey = { kid: 'grant-1', use: 'grant', issuer: 'https://c.test/oidc', jwk } as const;
const router = {
  id: 'r1',
  name: 'Router 1',
  roleAttributes: ['eu'],
  cost: 10,
  noTraversal: false,
  disabled: false,
  isOnline: true,
  edgeUrls: ['wss://r1.test/edge'],
  fabricAddresses: ['tls:r1.test:6262'],
  links: [{ id: 'l1', peerId: 'r2', latencyMs: 1.5 }],
};
const terminator = {
  id: 't1',
  serviceId: 's1',
  hostId: 'h1',
  cost: 0,
  precedence: 'default',
} as const;

/** One body of each type, with each kind of entity in the snapshot. */
const bodies: { [K in ControlType]: ControlBody<K> } = {
  subscribe: { timeline: '', index: 0 },
  snapshot: {
    timeline: 'tl',
    index: 7,
    entities: {
      identity: [{ id: 'i1', name: 'Alice', disabled: false, roleAttributes: ['users'] }],
      service: [
        {
          id: 's1',
          name: 'Wiki',
          roleAttributes: [],
          encryptionRequired: true,
          terminatorStrategy: 'smartrouting',
        },
      ],
      servicePolicy: [
        {
          id: 'p1',
          type: 'Dial',
          semantic: 'AnyOf',
          identityRoles: ['#users'],
          serviceRoles: ['@s1'],
          postureCheckRoles: ['@pc1', '#laptop'],
        },
      ],
      edgeRouterPolicy: [
        { id: 'p2', semantic: 'AllOf', identityRoles: ['#all'], edgeRouterRoles: ['#all'] },
      ],
      serviceEdgeRouterPolicy: [
        { id: 'p3', semantic: 'AnyOf', serviceRoles: ['#all'], edgeRouterRoles: ['@r1'] },
      ],
      router: [router],
      terminator: [{ ...terminator, routerId: 'r1' }],
      signingKey: [signingKey],
      revocation: [{ id: 'sid-1', expiresAtMs: 1_700_000_000_000 }],
      postureCheck: [
        { id: 'pc1', roleAttributes: [], networks: ['192.0.2.0/24'] },
        { id: 'pc2', roleAttributes: ['laptop'] },
      ],
      posture: [
        {
          id: 'sid-2',
          identityId: 'i1',
          passing: [{ id: 'pc2', untilMs: 1_700_000_000_000 }],
        },
      ],
    },
  },
  delta: {
    timeline: 'tl',
    previousIndex: 7,
    index: 9,
    changes: [
      { op: 'put', kind: 'revocation', value: { id: 'sid-2', expiresAtMs: 1_700_000_000_000 } },
      { op: 'delete', kind: 'servicePolicy', key: 'p1' },
    ],
  },
  routerStatus: {
    edgeUrls: router.edgeUrls,
    fabricAddresses: router.fabricAddresses,
    links: router.links,
  },
  routerTerminators: { terminators: [terminator] },
  closeCircuit: { circuitId: 'c1', code: 'ERR_CIRCUIT_ENDED' },
  routerCircuits: {
    circuits: [
      {
        circuitId: 'c1',
        serviceId: 's1',
        identityId: 'i1',
        sessionId: 'session1',
        terminatorId: 't1',
        path: ['r1', 'r2'],
      },
    ],
  },
  circuitEvent: {
    kind: 'closed',
    circuitId: 'c1',
    serviceId: 's1',
    identityId: 'i1',
    terminatorId: 't1',
    path: ['r1', 'r2'],
    reason: 'OK',
    bytesToHost: 3,
    bytesToClient: 4,
  },
  hostState: {
    identity: { id: 'h1', name: 'Host' },
    keys: [signingKey],
    routers: [{ id: 'r1', name: 'Router 1', fabricAddresses: router.fabricAddresses }],
    services: [
      { id: 's1', name: 'Wiki', bindGrant: 'bind.grant', applicationOrigin: 'https://wiki.test' },
    ],
  },
  hostRevocation: { identityId: 'i1', code: 'ERR_IDENTITY_DISABLED' },
  renewCertificate: {},
  certificateRequest: {
    csr: '-----BEGIN CERTIFICATE REQUEST-----',
    serverCsr: '-----BEGIN CERTIFICATE REQUEST-----',
  },
  certificateIssued: {
    cert: '-----BEGIN CERTIFICATE-----',
    serverCert: '-----BEGIN CERTIFICATE-----',
    ca: '-----BEGIN CERTIFICATE-----',
  },
  inspect: { requestId: 1, value: 'path', of: 's1' },
  inspected: {
    requestId: 1,
    answer: {
      value: 'path',
      service: { id: 's1', name: 'Wiki' },
      ways: [
        {
          terminatorId: 't1',
          host: { id: 'h1', name: 'Host' },
          router: { id: 'r2', name: 'Router 2' },
          precedence: 'default',
          terminatorCost: 0,
          pathCost: 2.5,
          hops: [{ router: { id: 'r2', name: 'Router 2' }, latencyMs: 1.5, cost: 2.5 }],
          isChosen: true,
        },
      ],
      total: 1,
    },
  },
};

const types = Object.keys(controlMessages) as ControlType[];
/** More than one part: 30,000 deletions. */
const large: ControlBody<'delta'> = {
  timeline: 'tl',
  previousIndex: 0,
  index: 1,
  changes: Array.from({ length: 30_000 }, (_, i) => ({
    op: 'delete',
    kind: 'identity',
    key: `identity-${i}`,
  })),
};

async function compute() {
  const messages = types.map((type) => {
    const [message] = splitControl(type, bodies[type]);
    return { type, value: bodies[type], hex: toHex(encodeMessage({ ...message!, sequence: 1 })) };
  });
  const parts = splitControl('delta', large).map(async (part, i) => ({
    // Prefix and headers; the body follows.
    head: toHex(encodeMessage({ ...part, sequence: i + 1 }).subarray(0, 20 + 24)),
    bodyBytes: part.body.length,
    bodySha256: toHex(await sha256(part.body)),
  }));
  return { messages, parts: await Promise.all(parts) };
}

describe('control vectors', () => {
  it('match test/vectors/control.json and read back', async () => {
    const computed = await compute();
    const vectors = pinned('control', computed);
    expect(computed).toEqual(vectors);
    const assembler = new ControlAssembler({ accepts: types });
    for (const { type, value, hex } of vectors.messages) {
      const message = decodeMessage(fromHex(hex), CONTROL_LIMITS);
      expect(message.contentType).toBe(controlMessages[type].contentType);
      expect(assembler.receive(message)).toEqual({ type, value });
    }
    expect(vectors.parts.length).toBeGreaterThan(1);
  });
});
