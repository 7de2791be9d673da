/** What routers say of themselves when asked: by the control channel, over REST and in `postern fabric`. */
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Circuit } from '@postern/shared/protocol/edge';
import type { Inspection, InspectionOf } from '@postern/shared/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCli, type Cli } from '../harness/cli.ts';
import { LiveNetwork, roundTrip, type SignedIn } from '../harness/live-network.ts';
import { HOST, RouterNetwork, SERVICE, USER } from '../harness/router-network.ts';

describe('a chain of routers', () => {
  let network: RouterNetwork;
  let circuit: Circuit;

  beforeAll(async () => {
    network = await RouterNetwork.create();
    // x – m – h: no group is common to the ends.
    await network.startRouter('x', { links: { groups: ['west'] } });
    await network.startRouter('m', { edge: undefined, links: { groups: ['west', 'east'] } });
    await network.startRouter('h', { links: { groups: ['east'] } });
    await Promise.all([network.linked('x', 'm'), network.linked('m', 'h')]);
    const middle = network.controller.all('router').find(({ id }) => id === 'm')!;
    network.controller.put('router', { ...middle, name: 'Middle', cost: 7 });
    await network.startHost('h', (one) => {
      one.onMessage = (message) => one.send(message.slice());
    });
    await network.inSync();
    const { edge } = await network.browser('x');
    circuit = await edge.dial(await network.dialGrant());
    await roundTrip(circuit);
  });
  afterAll(() => network.close());

  const ask = async <V extends Exclude<Inspection['value'], 'failed'>>(
    routerId: string,
    value: V,
    of?: string,
  ) => (await network.controller.ask(routerId, { value, of })) as InspectionOf<V>;

  it('tells of the circuits that began at a router, with path and bytes', async () => {
    const { circuits, total } = await ask('x', 'circuits');
    expect(total).toBe(1);
    expect(circuits).toMatchObject([
      {
        id: circuit.circuitId,
        service: { id: SERVICE, name: 'Service' },
        identity: { id: USER, name: 'User' },
        path: [{ id: 'x' }, { id: 'm', name: 'Middle' }, { id: 'h' }],
        bytesToHost: 3,
        bytesToClient: 3,
        isMovable: false,
      },
    ]);
    expect(circuits[0]?.ageMs).toBeLessThan(60_000);
    expect(await ask('m', 'circuits')).toMatchObject({ circuits: [], total: 0 });
  });

  it('tells of links with latency, cost and what goes over them', async () => {
    const { links } = await ask('m', 'links');
    expect(links).toHaveLength(2);
    for (const link of links) {
      expect(link).toMatchObject({ state: 'up', circuits: 1, isDialer: link.peer.id === 'x' });
      // The worse of the round trips that both ends report, and the hop.
      expect(link.cost).toBeGreaterThanOrEqual((link.latencyMs ?? 0) + 1 - 0.01);
    }
  });

  it('tells which way a dial would take, and what each hop costs', async () => {
    const { ways, service } = await ask('x', 'path', SERVICE);
    expect(service.name).toBe('Service');
    expect(ways).toMatchObject([
      { host: { id: HOST }, router: { id: 'h' }, precedence: 'default', isChosen: true },
    ]);
    const [{ hops, pathCost }] = ways as [InspectionOf<'path'>['ways'][number]];
    expect(hops.map(({ router }) => router.name)).toEqual(['Middle', 'h']);
    expect(hops[0]?.cost).toBeGreaterThanOrEqual((hops[0]?.latencyMs ?? 0) + 1 + 7 - 0.01);
    expect(hops.reduce((sum, { cost }) => sum + cost, 0)).toBeCloseTo(pathCost ?? 0);
    expect(await ask('x', 'path', 'unknown')).toMatchObject({
      value: 'failed',
      code: 'ERR_INSPECT_UNKNOWN',
    });
  });

  it('traces a circuit from its first router to the host, unseen by the client', async () => {
    const seen: unknown[] = [];
    circuit.onMessage = (message) => void seen.push(message);
    const { hops } = await ask('x', 'traceroute', circuit.circuitId);
    expect(hops.map(({ kind, id, name }) => [kind, id, name])).toEqual([
      ['router', 'x', 'x'],
      ['router', 'm', 'Middle'],
      ['router', 'h', 'h'],
      ['host', '', ''],
    ]);
    for (const { roundTripMs } of hops) expect(roundTripMs).toBeGreaterThanOrEqual(0);
    expect(seen).toEqual([]);
    await roundTrip(circuit);
    // Where it only passes through, it is not asked about.
    expect(await ask('m', 'traceroute', circuit.circuitId)).toMatchObject({ value: 'failed' });
  });

  it('names the hops that do not answer any more', async () => {
    const { edge } = await network.browser('x');
    const silent = await edge.dial(await network.dialGrant());
    const asked = ask('x', 'traceroute', silent.circuitId);
    await network.router('h').close();
    const answer = await asked;
    if ((answer as Inspection).value === 'failed') return; // it was gone before the question
    expect(answer.hops).toHaveLength(4);
    expect(answer.hops.at(-1)).toMatchObject({ kind: 'host' });
  });
});

describe('an operator', () => {
  let network: LiveNetwork;
  let signedIn: SignedIn;
  let circuit: Circuit;
  let folder: string;
  let cli: Cli;

  beforeAll(async () => {
    network = await LiveNetwork.start();
    signedIn = await network.signIn();
    circuit = await signedIn.dial();
    await roundTrip(circuit);
    folder = await mkdtemp(join(tmpdir(), 'postern-fabric-'));
    cli = createCli(folder);
    const passwordFile = join(network.dataDir, 'admin-password');
    const root = await readFile(join(network.dataDir, 'pki/root.crt'), 'utf8');
    await writeFile(join(folder, 'root.crt'), new X509Certificate(root).toString());
    const host = `127.0.0.1:${network.controller.admin.port}`;
    await cli.ok(
      ...['edge', 'login', host, '-u', 'admin', '--password-file', passwordFile],
      ...['--ca', join(folder, 'root.crt')],
    );
  });
  afterAll(async () => {
    signedIn.browser.socket.terminate();
    await network.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('sees circuits with service, path, age and bytes', async () => {
    const table = await cli.ok('fabric', 'circuits', '--service', 'wiki');
    expect(table).toMatch(/^ID +SERVICE +IDENTITY +PATH +AGE +TO HOST +TO CLIENT\n/);
    expect(table).toMatch(
      new RegExp(`^${circuit.circuitId} +wiki +alice +router 1 +\\d+s +3 B +3 B$`, 'm'),
    );
    expect(await cli.ok('fabric', 'circuits', '--service', 'other')).not.toContain('wiki');
    const { values } = await cli.json('fabric', 'circuits', '--router', 'router 1');
    expect(values[0].value).toMatchObject({ value: 'circuits', total: 1 });
  });

  it('sees links, the way to a service and the hops of a circuit', async () => {
    expect(await cli.ok('fabric', 'links')).toMatch(/^ID +DIALER +ACCEPTOR +STATE +LATENCY +/);
    const path = await cli.ok('fabric', 'path', 'router 1', 'wiki');
    expect(path).toMatch(/^yes +\S+ +host +default +0\.0 +0\.0 +router 1$/m);
    const hops = await cli.ok('fabric', 'traceroute', circuit.circuitId);
    expect(hops).toMatch(/^0 +router +\S+ +router 1 +0\.00 ms/m);
    expect(hops).toMatch(/^1 +host +\d+\.\d\d ms/m);
    const unknown = await cli.run(['fabric', 'traceroute', 'unknown']);
    expect([unknown.status, unknown.stdout]).toEqual([4, '']);
  });

  it('is told of routers that cannot be asked', async () => {
    await network.router.close();
    const { stderr } = await cli.run(['fabric', 'links', '--router', 'router 1']);
    expect(stderr).toContain('the router is not connected to this controller');
  });
});
