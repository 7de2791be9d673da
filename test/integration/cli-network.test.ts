/** `postern export` and `postern import`: a network survives the way through its file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createCli, type Cli } from '../harness/cli.ts';

const password = 'correct horse';
let folder: string;
let controller: RunningController;
let cli: Cli;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-network-'));
  file = join(folder, 'network.yaml');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password);
  controller = await createController(
    controllerConfigSchema.parse({
      dataDir: join(folder, 'controller'),
      admin: { port: 0 },
      public: { port: 0, tls: 'none' },
      control: { port: 0 },
      loginOrigin: 'http://login.localhost:1',
      bootstrap: { admin: { username: 'admin', passwordFile } },
    }),
    { logger: silentLogger },
  );
  cli = createCli(folder);
  const ca = join(folder, 'controller/pki/root.crt');
  const host = `127.0.0.1:${controller.admin.port}`;
  await cli.ok('edge', 'login', host, '-u', 'admin', '--password-file', passwordFile, '--ca', ca);
});
afterAll(async () => {
  await controller.close();
  await rm(folder, { recursive: true, force: true });
});

async function importText(text: string, ...flags: string[]) {
  await writeFile(file, text);
  return cli.run(['import', file, ...flags]);
}

const attributes = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
  .map((list) => list.sort());
const tags = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', 'two', 'drei'), {
  maxKeys: 2,
});
/** Names with what YAML, filters and roles could stumble over. */
const hard = [
  'plain',
  'with space',
  'say "hi"',
  "it's",
  'back\\slash',
  '#hash',
  '@at',
  'yes',
  '007',
  'ü → ✓',
  'a: b',
  'id:x',
];
const named = <T extends object>(prefix: string, record: (index: number) => fc.Arbitrary<T>) =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: hard.length - 1 }), { maxLength: 3 })
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map((index) =>
          record(index).map((values) => ({ name: `${prefix}${hard[index]}`, ...values })),
        ),
      ),
    )
    .map((items) => [...items].sort((a, b) => (a.name < b.name ? -1 : 1)));
const some = (items: { name: string }[]) => fc.subarray(items.map(({ name }) => name));
const roles = (...lists: { name: string }[][]) =>
  fc
    .tuple(fc.subarray(['#a', '#b']), some(lists.flat()))
    .map(([by, at]) => [...by, ...at.map((name) => `@${name}`)].sort());
const semantic = fc.constantFrom('AllOf', 'AnyOf');

/** A network in the form of its file, complete: every member of every entity is there. */
const networks = fc
  .record({
    configTypes: named('t-', (index) =>
      fc.record({
        schema: fc.constant({ type: 'object' }),
        // What cannot change follows from the name.
        target: fc.constant(index % 2 === 0 ? null : 'service'),
        tags,
      }),
    ),
    services: named('s-', () =>
      fc.record({
        encryptionRequired: fc.constant(true),
        roleAttributes: attributes,
        maxIdleTimeMillis: fc.nat(1000),
        terminatorStrategy: fc.constantFrom('smartrouting', 'random'),
        tags,
      }),
    ),
    edgeRouters: named('r-', () =>
      fc.record({
        isTunnelerEnabled: fc.constant(false),
        roleAttributes: attributes,
        cost: fc.nat(100),
        noTraversal: fc.boolean(),
        disabled: fc.boolean(),
        appData: tags,
        tags,
      }),
    ),
    extJwtSigners: named('j-', (index) =>
      fc.record({
        issuer: fc.constant(`https://idp-${index}.example.com`),
        audience: fc.constantFrom('a', 'b'),
        enabled: fc.boolean(),
        jwksEndpoint: fc.constant(`https://idp-${index}.example.com/keys`),
        claimsProperty: fc.constantFrom('/sub', '/email'),
        useExternalId: fc.boolean(),
        scopes: fc.subarray(['openid', 'email']),
        clientId: fc.constantFrom('', 'postern'),
        tags,
      }),
    ),
  })
  .chain((base) =>
    fc.record({
      base: fc.constant(base),
      configs:
        base.configTypes.length === 0
          ? fc.constant([])
          : named('c-', () =>
              fc.record({
                configTypeId: fc.constantFrom(...base.configTypes.map(({ name }) => name)),
                data: fc.dictionary(
                  fc.constantFrom('k', 'l'),
                  fc.oneof(fc.integer(), fc.boolean(), fc.constantFrom('x', '')),
                  { maxKeys: 2 },
                ),
                tags,
              }),
            ).map((items) =>
              items
                .map((item) => ({ ...item, name: `${item.name} of ${item.configTypeId}` }))
                .sort((a, b) => (a.name < b.name ? -1 : 1)),
            ),
      authPolicies: named('p-', () =>
        fc.record({
          primary: fc.record({
            cert: fc.record({ allowed: fc.boolean(), allowExpiredCerts: fc.boolean() }),
            extJwt: fc.record({ allowed: fc.boolean(), allowedSigners: some(base.extJwtSigners) }),
          }),
          tags,
        }),
      ),
    }),
  )
  .chain(({ base, configs, authPolicies }) =>
    fc
      .record({
        base: fc.constant({ ...base, configs, authPolicies }),
        identities: named('i-', (index) =>
          fc.record({
            isAdmin: fc.boolean(),
            roleAttributes: attributes,
            permissions: fc.subarray(['identity.read', 'service']),
            authPolicyId: fc.constantFrom('Default', ...authPolicies.map(({ name }) => name)),
            externalId: fc.constantFrom(null, `user-${index}`),
            serviceHostingCosts: fc
              .dictionary(
                fc.constantFrom('none', ...base.services.map(({ name }) => name)),
                fc.nat(10),
                { maxKeys: 2 },
              )
              .map(({ none: _, ...costs }) => costs),
            serviceConfigs:
              base.services.length === 0 || configs.length === 0
                ? fc.constant([])
                : fc.constantFrom(
                    [],
                    [{ config: configs[0]!.name, service: base.services[0]!.name }],
                  ),
            appData: tags,
            tags,
          }),
        ),
        applications:
          base.services.length === 0
            ? fc.constant([])
            : named('a-', (index) =>
                fc.record({
                  origin: fc.constant(`https://app-${index}.example.com`),
                  serviceId: fc.constantFrom(...base.services.map(({ name }) => name)),
                  loginMethods: fc.constantFrom(['ext-jwt'], ['ext-jwt', 'password']),
                  signerIds: some(base.extJwtSigners),
                  sessionHours: fc.integer({ min: 1, max: 12 }),
                  tags,
                }),
              ),
      })
      .chain(({ base: all, identities, applications }) =>
        fc
          .record({
            servicePolicies: named('sp-', () =>
              fc.record({
                type: fc.constantFrom('Dial', 'Bind'),
                semantic,
                identityRoles: roles(identities),
                serviceRoles: roles(all.services),
                tags,
              }),
            ),
            edgeRouterPolicies: named('erp-', () =>
              fc.record({
                semantic,
                identityRoles: roles(identities),
                edgeRouterRoles: roles(all.edgeRouters),
                tags,
              }),
            ),
            serviceEdgeRouterPolicies: named('serp-', () =>
              fc.record({
                semantic,
                serviceRoles: roles(all.services),
                edgeRouterRoles: roles(all.edgeRouters),
                tags,
              }),
            ),
          })
          .map((policies) => ({ ...all, identities, applications, ...policies })),
      ),
  );

/** Each member that the file gives, as the controller has it. */
function pick(from: any, like: any): any {
  if (Array.isArray(like)) return from;
  if (typeof like !== 'object' || like === null) return from;
  const members = Object.keys(like);
  return members.includes('allowed') || members.includes('cert')
    ? Object.fromEntries(members.map((member) => [member, pick(from?.[member], like[member])]))
    : from;
}

describe('a network', () => {
  it('becomes what any file says, whatever it was before, and a second import changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(networks, async (network) => {
        const wanted = { format: 'postern-network/1', ...complete(network) };
        const first = await importText(
          stringify(wanted, { aliasDuplicateObjects: false }),
          '--prune',
        );
        expect(first.stderr).toMatch(
          /^(Nothing differs|\d+ to create, \d+ to update, \d+ to delete)\n$/,
        );
        const exported = await cli.ok('export');
        const got = parse(exported) as Record<string, any[]>;
        for (const [key, items] of Object.entries(network as Record<string, any[]>)) {
          const found = got[key]!.filter(({ name }) => name !== 'Default');
          expect(
            found.map(({ name }) => name),
            key,
          ).toEqual(items.map(({ name }) => name));
          found.forEach((entity, at) => {
            const like = items[at];
            for (const member of Object.keys(like)) {
              expect(pick(entity[member], like[member]), `${key} ${like.name} ${member}`).toEqual(
                like[member],
              );
            }
          });
        }
        expect((await importText(exported, '--prune')).stderr).toBe('Nothing differs\n');
        expect(await cli.ok('export')).toBe(exported);
      }),
      // Shrinking asks the controller thousands of times: the seed is enough to look further.
      { numRuns: 8, endOnFailure: true, interruptAfterTimeLimit: 60_000 },
    );
  }, 180_000);
});

/** Auth policies take all members or none. */
function complete(network: any): any {
  const updb = {
    allowed: true,
    minPasswordLength: 8,
    requireMixedCase: false,
    requireNumberChar: false,
    requireSpecialChar: false,
    maxAttempts: 5,
    lockoutDurationMinutes: 1,
  };
  return {
    ...network,
    authPolicies: network.authPolicies.map(({ primary, ...rest }: any) => ({
      ...rest,
      primary: { ...primary, updb },
      secondary: { requireTotp: false, requireExtJwtSigner: null },
    })),
  };
}

describe('postern import', () => {
  const small = (body: string) => `format: postern-network/1\n${body}\n`;
  beforeAll(async () => {
    await importText(
      small('services: []\nidentities: []\nservicePolicies: []\napplications: []'),
      '--prune',
    );
  });

  it('--dry-run shows each difference and changes nothing', async () => {
    await importText(
      small('services: [{name: wiki, encryptionRequired: true, roleAttributes: [old]}]'),
    );
    const before = await cli.ok('export');
    const { stdout, stderr } = await importText(
      small(
        'services: [{name: wiki, roleAttributes: [new]}, {name: mail, encryptionRequired: true}]',
      ),
      '--dry-run',
    );
    expect(stdout).toBe(
      '~ service wiki\n    roleAttributes: ["old"] → ["new"]\n+ service mail\n    encryptionRequired: true\n',
    );
    expect(stderr).toBe('1 to create, 1 to update, 0 to delete; nothing was changed\n');
    expect(await cli.ok('export')).toBe(before);
  });

  it('stops at what the controller refuses, says so, and goes on when it is mended', async () => {
    const body = (cost: string) =>
      small(
        `services: [{name: ok, encryptionRequired: true}]\nidentities: [{name: bad, isAdmin: false, defaultHostingCost: ${cost}}]`,
      );
    const { status, stderr } = await importText(body('-1'));
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /Stopped at "\+ identity bad": .*defaultHostingCost.*1 of 2 changes are done, 1 are not/,
    );
    expect((await importText(body('1'))).stdout).toBe('+ identity bad\n');
  });

  it('sets references that go round in a circle', async () => {
    const { stderr } = await importText(
      small(`extJwtSigners: [{name: idp, issuer: https://x.example, audience: a, enabled: true, jwksEndpoint: https://x.example/k, enrollAuthPolicyId: people}]
authPolicies: [{name: people, primary: {cert: {allowed: true, allowExpiredCerts: false}, updb: {allowed: true, minPasswordLength: 8, requireMixedCase: false, requireNumberChar: false, requireSpecialChar: false, maxAttempts: 5, lockoutDurationMinutes: 1}, extJwt: {allowed: true, allowedSigners: [idp]}}, secondary: {requireTotp: false, requireExtJwtSigner: null}}]`),
    );
    expect(stderr).toBe('2 to create, 0 to update, 0 to delete\n');
    expect(parse(await cli.ok('export')).extJwtSigners[0].enrollAuthPolicyId).toBe('people');
  });

  it('is refused to who may not, before anything changes', async () => {
    await cli.ok('edge', 'logout');
    expect((await importText(small('services: []'))).status).toBe(3);
  });
});

describe('postern export', () => {
  it('holds no secret', async () => {
    const ca = join(folder, 'controller/pki/root.crt');
    await cli.ok(
      'edge',
      'login',
      `127.0.0.1:${controller.admin.port}`,
      '-u',
      'admin',
      '--password-file',
      join(folder, 'password'),
      '--ca',
      ca,
    );
    await writeFile(join(folder, 'secret'), 'swordfish-swordfish');
    await cli.ok('edge', 'create', 'identity', 'holder', '-o', join(folder, 'holder.jwt'));
    await cli.ok('edge', 'create', 'edge-router', 'gate', '-o', join(folder, 'gate.jwt'));
    await cli.ok(
      'edge',
      'create',
      'authenticator',
      'updb',
      'holder',
      'holder',
      '--password-file',
      join(folder, 'secret'),
    );
    const exported = await cli.ok('export');
    const { enrollment } = await cli.json('edge', 'show', 'identity', 'holder');
    const { enrollmentToken } = await cli.json('edge', 'show', 'edge-router', 'gate');
    expect(exported).toContain('name: holder');
    for (const secret of [
      'swordfish',
      enrollment.ott.token,
      enrollmentToken,
      'eyJ',
      'PRIVATE KEY',
      '$argon2',
    ]) {
      expect(exported).not.toContain(secret);
    }
    expect(exported).not.toMatch(/^\W*(token|jwt|password):/im);
  });
});
