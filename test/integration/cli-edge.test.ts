/** `postern edge` against a controller: sign-in, trust, every kind of entity, enrolment. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { entityKinds } from '../../cli/src/entities/index.ts';
import { createCli, type Cli } from '../harness/cli.ts';

const password = 'correct horse';
let folder: string;
let controller: RunningController;
let cli: Cli;
let host: string;
let fingerprint: string;
let passwordFile: string;
const inFolder = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-cli-'));
  passwordFile = inFolder('password');
  await writeFile(passwordFile, `${password}\n`);
  controller = await createController(
    controllerConfigSchema.parse({
      dataDir: inFolder('controller'),
      admin: { port: 0 },
      public: { port: 0, tls: 'none' },
      control: { port: 0 },
      loginOrigin: 'http://login.localhost:1',
      bootstrap: { admin: { username: 'admin', passwordFile } },
      auth: { attemptsPerMinute: 1000 },
    }),
    { logger: silentLogger },
  );
  host = `127.0.0.1:${controller.admin.port}`;
  const root = await readFile(inFolder('controller/pki/root.crt'), 'utf8');
  ({ fingerprint256: fingerprint } = new X509Certificate(root));
  cli = createCli(folder);
});
afterAll(async () => {
  await controller.close();
  await rm(folder, { recursive: true, force: true });
});

const login = (...more: string[]) => [
  ...['edge', 'login', host, '-u', 'admin', '--password-file', passwordFile],
  ...more,
];

describe('trust', () => {
  it('is not given to a controller that nobody confirmed: nothing is sent to it', async () => {
    const { status, stderr } = await cli.run(login());
    expect(status).toBe(1);
    expect(stderr).toContain(fingerprint);
    expect(stderr).toContain('ERR_CLI_TRUST');
    const refused = await cli.run(login(), { answers: ['no'] });
    expect(refused.stderr).toContain('ERR_CLI_TRUST');
    await expect(stat(cli.profiles)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is refused when the fingerprint is another’s', async () => {
    const other = fingerprint.replace(/^../, (byte) => (byte === '00' ? '01' : '00'));
    const { status, stderr } = await cli.run(login('--fingerprint', other));
    expect(status).toBe(1);
    expect(stderr).toContain('is this the right controller?');
  });

  it.each([
    ['a person confirms', () => cli.run(login('-i', 'asked'), { answers: ['yes'] })],
    [
      'the fingerprint is given',
      () => cli.run(login('-i', 'pinned', '--fingerprint', fingerprint)),
    ],
    [
      'a CA file is given',
      () => cli.run(login('-i', 'file', '--ca', inFolder('controller/pki/root.crt'))),
    ],
  ])('is given when %s', async (_, act) => {
    const { status, stdout, stderr } = await act();
    expect(stderr).not.toContain('postern:');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Signed in to https:\/\/127\.0\.0\.1:\d+ as /);
  });

  it('holds from then on: no question at the next sign-in', async () => {
    expect((await cli.run(login('-i', 'asked'))).status).toBe(0);
  });
});

describe('profiles', () => {
  it('are for their owner alone, and refused when others can read them', async () => {
    expect((await stat(cli.profiles)).mode & 0o777).toBe(0o600);
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(cli.profiles, mode);
      const { status, stderr } = await cli.run(['edge', 'whoami']);
      expect(status).toBe(1);
      expect(stderr).toContain('chmod 600');
    }
    await chmod(cli.profiles, 0o600);
    expect(await cli.ok('edge', 'whoami')).toContain('admin: true');
  });

  it('are listed, chosen, signed out of and forgotten', async () => {
    await cli.ok('edge', 'use', 'pinned');
    expect(await cli.ok('edge', 'use')).toMatch(/^\* +pinned/m);
    await cli.ok('edge', 'logout');
    const { status, stderr } = await cli.run(['edge', 'whoami']);
    expect(status).toBe(3);
    expect(stderr).toContain('postern edge login');
    await cli.ok('edge', 'use', 'pinned', '--delete');
    expect((await cli.run(['edge', 'use', 'pinned'])).status).toBe(3);
    await cli.ok('edge', 'use', 'asked');
    expect(await cli.ok('edge', 'whoami', '-i', 'file')).toContain('profile: file');
  });

  it('end the session when signed out of', async () => {
    await cli.run(login('-i', 'short', '--fingerprint', fingerprint));
    const { token } = JSON.parse(await readFile(cli.profiles, 'utf8')).profiles.short;
    await cli.ok('edge', 'logout', '-i', 'short');
    await writeFile(inFolder('token'), token);
    const again = await cli.run([
      'edge',
      'login',
      host,
      '--token-file',
      inFolder('token'),
      '-i',
      'again',
      '--fingerprint',
      fingerprint,
    ]);
    expect(again.status).toBe(3);
    await cli.ok('edge', 'use', 'asked');
  });
});

describe('secrets', () => {
  it('are asked for without echo', async () => {
    cli.questions.length = 0;
    const { status } = await cli.run(['edge', 'login', host, '-u', 'admin', '-i', 'asked'], {
      answers: [password],
    });
    expect(status).toBe(0);
    expect(cli.questions).toEqual([{ question: 'Password of admin: ', hidden: true }]);
  });

  it('come from standard input', async () => {
    const args = ['edge', 'login', host, '-u', 'admin', '-i', 'asked', '--password-file', '-'];
    expect((await cli.run(args, { stdin: `${password}\n` })).status).toBe(0);
  });

  it('are refused on the command line, and not repeated', async () => {
    for (const option of ['-p', '--password']) {
      const { status, stderr } = await cli.run([
        'edge',
        'login',
        host,
        '-u',
        'admin',
        option,
        'hunter2',
      ]);
      expect(status).toBe(2);
      expect(stderr).toContain('--password-file');
      expect(stderr).not.toContain('hunter2');
    }
  });

  it('that are wrong end with what to do', async () => {
    await writeFile(inFolder('wrong'), 'wrong');
    const { status, stderr } = await cli.run([
      'edge',
      'login',
      host,
      '-u',
      'admin',
      '-i',
      'asked',
      '--password-file',
      inFolder('wrong'),
    ]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/INVALID_AUTH.*check name and password/);
  });
});

describe('entities', () => {
  beforeEach(async () => {
    await cli.run(login('-i', 'asked'));
  });

  it('of every kind are listed, as a table and as the API answers', async () => {
    for (const kind of entityKinds) {
      const { status, stderr, stdout } = await cli.run(['edge', 'list', kind.plural]);
      expect(stderr, kind.plural).not.toContain('postern:');
      expect(status).toBe(0);
      expect(stdout).toContain(kind.columns[0]!.title.toUpperCase());
      expect(Array.isArray(await cli.json('edge', 'list', kind.plural))).toBe(true);
    }
  });

  it('are created, shown, changed and deleted', async () => {
    await cli.ok('edge', 'create', 'config-type', 'note', '{"type":"object"}');
    await cli.ok('edge', 'create', 'config', 'hello', 'note', '{"text":"hi"}');
    expect(
      await cli.ok(
        'edge',
        'create',
        'service',
        'wiki',
        '-a',
        'internal,docs',
        '-c',
        'hello',
        '--tags',
        'owner=ann',
      ),
    ).toMatch(/^New service wiki created with id: \S+\n$/);
    expect(await cli.json('edge', 'show', 'service', 'wiki')).toMatchObject({
      encryptionRequired: true,
      roleAttributes: expect.arrayContaining(['internal', 'docs']),
      tags: { owner: 'ann' },
      configs: [expect.any(String)],
    });
    expect(await cli.ok('edge', 'show', 'config', 'hello')).toBe('text: hi\n');
    await cli.ok(
      'edge',
      'update',
      'service',
      'wiki',
      '-n',
      'handbook',
      '-a',
      '',
      '--max-idle-time',
      '1000',
    );
    expect(await cli.json('edge', 'show', 'service', 'handbook')).toMatchObject({
      roleAttributes: [],
      maxIdleTimeMillis: 1000,
      encryptionRequired: true,
    });
    await cli.ok('edge', 'delete', 'service', 'handbook');
    expect((await cli.run(['edge', 'delete', 'service', 'handbook'])).status).toBe(4);
    expect(await cli.ok('edge', 'delete', 'service', 'handbook', '--ignore-missing')).toBe('');
  });

  it('are found by name in policies, which show names', async () => {
    await cli.ok('edge', 'create', 'service', 'mail');
    await cli.ok('edge', 'create', 'identity', 'ann', '-x', 'ann@example.com', '-a', 'staff');
    await cli.ok(
      'edge',
      'create',
      'service-policy',
      'mail-dial',
      'dial',
      '--semantic',
      'AnyOf',
      '--identity-roles',
      '#staff,@ann',
      '--service-roles',
      '@mail',
    );
    expect(await cli.json('edge', 'show', 'sp', 'mail-dial')).toMatchObject({
      type: 'Dial',
      semantic: 'AnyOf',
      serviceRoles: [expect.stringMatching(/^@/)],
    });
    expect(await cli.ok('edge', 'list', 'service-policies', 'name = "mail-dial"')).toMatch(
      /mail-dial +Dial +AnyOf +@mail/,
    );
    await cli.ok('edge', 'create', 'edge-router', 'r0');
    await cli.ok(
      'edge',
      'create',
      'erp',
      'all',
      '--identity-roles',
      '#all',
      '--edge-router-roles',
      '@r0',
    );
    const advice = () => cli.ok('edge', 'policy-advisor', 'identities', 'ann', 'mail');
    expect(await advice()).toContain(
      '    no service edge router policy gives the service a router\n',
    );
    await cli.ok(
      'edge',
      'create',
      'serp',
      'all',
      '--service-roles',
      '#all',
      '--edge-router-roles',
      '#all',
    );
    expect(await advice()).toMatch(
      /^ERROR ann \(1\) -> mail \(1\).*dial: yes, bind: no\n    none .* online\n$/,
    );
    expect(await cli.ok('edge', 'list', 'identity', 'services', 'ann')).toContain('mail');
    const typo = await cli.run([
      'edge',
      'create',
      'service-policy',
      'x',
      'Dial',
      '--service-roles',
      '@nobody',
    ]);
    expect(typo.status).toBe(4);
    const bare = await cli.run([
      'edge',
      'create',
      'service-policy',
      'x',
      'Dial',
      '--service-roles',
      'mail',
    ]);
    expect(bare.status).toBe(2);
    expect(bare.stderr).toContain('#attribute');
  });

  it('known to an identity provider get no token, others one, written for their owner alone', async () => {
    expect((await cli.json('edge', 'show', 'identity', 'ann')).enrollment).toEqual({});
    await cli.ok('edge', 'create', 'identity', 'host', '-o', inFolder('host.jwt'));
    expect((await stat(inFolder('host.jwt'))).mode & 0o777).toBe(0o600);
    await cli.ok('edge', 'create', 'edge-router', 'r1', '-o', inFolder('r1.jwt'), '--no-traversal');
    expect(await cli.json('edge', 'show', 'er', 'r1')).toMatchObject({
      noTraversal: true,
      isTunnelerEnabled: false,
    });
    await cli.ok('edge', 'update', 'er', 'r1', '--traversal', '--cost', '7');
    expect(await cli.json('edge', 'show', 'er', 'r1')).toMatchObject({
      noTraversal: false,
      cost: 7,
    });
    const router = await cli.run(['edge', 'enroll', inFolder('r1.jwt')]);
    expect(router.stderr).toContain('postern router enroll');
    const config = ['--set', `stateDir=${inFolder('router')}`, '--set', 'fabric.port=0'];
    expect(await cli.ok('router', 'enroll', ...config, '--jwt', inFolder('r1.jwt'))).toMatch(
      /^Enrolled as router \S+; /,
    );
    expect(await cli.json('edge', 'show', 'er', 'r1')).toMatchObject({ isVerified: true });
  });

  it('are paged and filtered as the API does it', async () => {
    const { stdout, stderr } = await cli.run([
      'edge',
      'list',
      'identities',
      'true sort by name',
      '--limit',
      '1',
    ]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/^1 to 1 of \d+; more with/);
    const wrong = await cli.run(['edge', 'list', 'identities', 'nmae = 1']);
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toMatch(/INVALID_FILTER/);
  });

  it('are deleted by a filter only after a yes', async () => {
    await cli.ok('edge', 'create', 'service', 'tmp-1');
    await cli.ok('edge', 'create', 'service', 'tmp-2');
    const where = ['edge', 'delete', 'services', 'where', 'name contains "tmp-" sort by name'];
    const no = await cli.run(where, { answers: ['no'] });
    expect(no.stderr).toContain('ERR_CLI_CANCELLED');
    expect(await cli.ok(...where, '--yes')).toBe('Deleted service tmp-1\nDeleted service tmp-2\n');
  });

  it('with names that would move the cursor are shown harmless', async () => {
    await cli.ok('edge', 'create', 'service', 'red\u001b[31m');
    const list = await cli.ok('edge', 'list', 'services');
    expect(list).toContain('red\\u001b[31m');
    expect(list).not.toContain('\u001b');
    await cli.ok('edge', 'delete', 'services', 'where', 'name contains "red"', '--yes');
  });

  it('refused by the controller end with member and reason', async () => {
    const { status, stderr } = await cli.run(['edge', 'create', 'identity', 'ann']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/POST identities: COULD_NOT_VALIDATE\. "name" .*\(ERR_CLI_API\)/);
  });
});

it('changes are watched as they happen', async () => {
  const watched = cli.run(['edge', 'watch', '--kind', 'entity', '--count', '1']);
  // Until the stream is open nothing is said, so changes go on until one is seen.
  let name = 0;
  const changes = setInterval(
    () => void cli.run(['edge', 'create', 'service', `watched-${++name}`]),
    500,
  );
  try {
    const { status, stdout } = await watched;
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d{4}-\S+  entity\.created  .*service/);
  } finally {
    clearInterval(changes);
  }
});

describe('enrolment', () => {
  it('by token: an identity file that signs in, once', async () => {
    await cli.ok('edge', 'create', 'identity', 'ops', '-A', '-o', inFolder('ops.jwt'));
    await cli.ok('edge', 'enroll', inFolder('ops.jwt'));
    expect((await stat(inFolder('ops.json'))).mode & 0o777).toBe(0o600);
    const file = JSON.parse(await readFile(inFolder('ops.json'), 'utf8'));
    expect(file).toMatchObject({
      ztAPI: expect.stringMatching(/^https:.*\/edge\/client\/v1$/),
      id: {
        key: expect.stringMatching(/^pem:-----BEGIN/),
        cert: expect.stringMatching(/^pem:/),
        ca: expect.stringMatching(/^pem:/),
      },
    });
    const again = await cli.run(['edge', 'enroll', inFolder('ops.jwt')]);
    expect(again.stderr).toContain('INVALID_ENROLLMENT_TOKEN');
    await cli.ok('edge', 'login', host, '--file', inFolder('ops.json'), '-i', 'ops');
    expect(await cli.ok('edge', 'whoami', '-i', 'ops')).toContain('identity: ops');
    await cli.ok('edge', 'use', 'asked');
  });

  it('by password', async () => {
    await cli.ok('edge', 'create', 'identity', 'bob', '--updb', 'bobby', '-o', inFolder('bob.jwt'));
    await cli.ok('edge', 'enroll', inFolder('bob.jwt'), '--password-file', passwordFile);
    await cli.ok(
      'edge',
      'login',
      host,
      '-u',
      'bobby',
      '--password-file',
      passwordFile,
      '-i',
      'bob',
      '--fingerprint',
      fingerprint,
    );
    const { status, stderr } = await cli.run(['edge', 'list', 'identities', '-i', 'bob']);
    expect(status).toBe(3);
    expect(stderr).toContain('you lack the permission');
    await cli.ok('edge', 'use', 'asked');
    await writeFile(inFolder('new-password'), 'another horse');
    await cli.ok(
      'edge',
      'update',
      'authenticator',
      'updb',
      '--identity',
      'bob',
      '--password-file',
      inFolder('new-password'),
    );
    expect(
      (
        await cli.run([
          'edge',
          'login',
          host,
          '-u',
          'bobby',
          '--password-file',
          passwordFile,
          '-i',
          'bob',
        ])
      ).status,
    ).toBe(3);
  });

  it('of a router again: a new token', async () => {
    await cli.ok('edge', 're-enroll', 'edge-router', 'r1', '-o', inFolder('r1-again.jwt'));
    expect(await readFile(inFolder('r1-again.jwt'), 'utf8')).toMatch(/^ey/);
  });

  it('of the controller itself: keys are rotated, and what is no key is refused', async () => {
    expect(await cli.ok('edge', 'rotate-keys', 'grant', '--compromised')).toContain('Done');
    const refused = await cli.run(['edge', 'rotate-keys', 'nonsense']);
    expect(refused.status).not.toBe(0);
  });
});

const openssl = spawnSync('openssl', ['version']).status === 0;
if (!openssl) process.stderr.write('skipped: authorities of others need openssl\n');
describe.skipIf(!openssl)('authorities of others', () => {
  it.each(['ec', 'rsa'] as const)(
    'are verified with their key (%s), and their certificates enrol',
    async (type) => {
      const [ca, key, leaf, leafKey, csr] = [
        'ca.crt',
        'ca.key',
        'leaf.crt',
        'leaf.key',
        'leaf.csr',
      ].map((name) => inFolder(`${type}-${name}`));
      const keyPem = (
        type === 'ec'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('rsa', { modulusLength: 2048 })
      ).privateKey.export({ type: 'pkcs8', format: 'pem' });
      await writeFile(key!, keyPem);
      const run = (...args: string[]) => {
        const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
        expect(status, stderr).toBe(0);
      };
      run(
        'req',
        '-x509',
        '-new',
        '-key',
        key!,
        '-subj',
        `/CN=Partner ${type}`,
        '-days',
        '30',
        '-out',
        ca!,
      );
      await cli.ok('edge', 'create', 'ca', `partner-${type}`, ca!, '--ottca', '--auth');
      const wrong = inFolder('wrong.key');
      await writeFile(
        wrong,
        generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
      );
      const refused = await cli.run([
        'edge',
        'verify',
        'ca',
        `partner-${type}`,
        '--cacert',
        ca!,
        '--cakey',
        wrong,
      ]);
      expect(refused.stderr).toContain('CERTIFICATE_FAILED_VALIDATION');
      await cli.ok('edge', 'verify', 'ca', `partner-${type}`, '--cacert', ca!, '--cakey', key!);
      expect(await cli.json('edge', 'show', 'ca', `partner-${type}`)).toMatchObject({
        isVerified: true,
      });

      run(
        'req',
        '-new',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        leafKey!,
        '-subj',
        `/CN=device-${type}`,
        '-out',
        csr!,
      );
      run('x509', '-req', '-in', csr!, '-CA', ca!, '-CAkey', key!, '-days', '30', '-out', leaf!);
      await cli.ok(
        'edge',
        'create',
        'identity',
        `device-${type}`,
        '--ottca',
        `partner-${type}`,
        '-o',
        inFolder('device.jwt'),
      );
      await cli.ok(
        'edge',
        'enroll',
        inFolder('device.jwt'),
        '--cert',
        leaf!,
        '--key',
        leafKey!,
        '-o',
        inFolder(`device-${type}.json`),
      );
      await cli.ok('edge', 'login', host, '-f', inFolder(`device-${type}.json`), '-i', 'device');
      expect(await cli.ok('edge', 'whoami', '-i', 'device')).toContain(`identity: device-${type}`);
      await cli.ok('edge', 'use', 'asked');
    },
  );
});
