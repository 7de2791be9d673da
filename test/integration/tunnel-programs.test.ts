/**
 * psql and ssh through `postern tunnel proxy`, while the edge router that carries them is killed (-9): the same
 * session goes on over the other router, with nothing lost.
 */
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartProcess } from '../fault/part-process.ts';
import { LineProcess } from '../harness/line-process.ts';
import { missingOpenSsh, startSshd, type SshServer } from '../harness/openssh.ts';
import { postgresBinaries, startPostgres, type PostgresConnection } from '../harness/postgres.ts';
import { ProgramNetwork } from '../harness/program-network.ts';

const main = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const binaries = postgresBinaries();
const psql = binaries === undefined ? undefined : join(binaries, 'psql');
const hasPsql = psql !== undefined && existsSync(psql);
const missingSsh = missingOpenSsh();
if (!hasPsql) process.stderr.write('PostgreSQL is not installed: psql is skipped\n');
if (missingSsh !== undefined) process.stderr.write(`${missingSsh} is missing: ssh is skipped\n`);

/** Rows of one answer that is under way when the router dies. */
const ROWS = 200_000;

describe.skipIf(!hasPsql && missingSsh !== undefined)('through the tunneler', () => {
  let network: ProgramNetwork;
  let tunnel: LineProcess;
  let ssh: SshServer | undefined;
  let database: PostgresConnection | undefined;
  const routers = new Map<string, PartProcess>();
  const ports = new Map<string, number>();

  beforeAll(async () => {
    network = await ProgramNetwork.start();
    for (const name of ['one', 'two']) routers.set(name, await network.routerProcess(name));
    const services: { service: string; target: string }[] = [];
    if (hasPsql) {
      const server = await startPostgres();
      network.onClose(() => server.dispose());
      database = await server.createDatabase();
      const port = await startSocketBridge(network, `${database.host}/.s.PGSQL.${database.port}`);
      services.push({ service: 'db', target: `tcp://127.0.0.1:${port}` });
    }
    if (missingSsh === undefined) {
      ssh = await startSshd();
      network.onClose(() => ssh?.close());
      services.push({ service: 'shell', target: `tcp://127.0.0.1:${ssh.port}` });
    }
    for (const { service } of services) await network.sdk.service(service);
    await network.connector(services, routers.size);
    const identity = await network.enrolled('ann', 'dials');
    const args = ['tunnel', 'proxy', ...services.map(({ service }) => `${service}:0`)];
    tunnel = new LineProcess(process.execPath, [main, ...args, '--identity', identity]);
    network.onClose(() => tunnel.stop());
    for (const { service } of services) {
      const [, port] = await tunnel.until(/^127\.0\.0\.1:(\d+) -> /);
      ports.set(service, Number(port));
    }
    await tunnel.until(/^Ready/);
  }, 120_000);
  afterAll(() => network?.close());

  /** Kills the router that the service's only circuit began at; answers what starts it again. */
  async function killEdgeRouter(service: string): Promise<PartProcess> {
    const circuits = (
      await network.sdk.edge('/fabric/v1/circuits?limit=100', { session: network.sdk.admin })
    ).data as any[];
    const serviceId = (await network.sdk.list('services')).find(({ name }) => name === service)?.id;
    const circuit = circuits.find((one) => one.service?.id === serviceId);
    const router = routers.get(circuit?.path?.nodes?.[0]?.name);
    if (!router) throw new Error(`no circuit: ${JSON.stringify(circuits)}`);
    await router.kill();
    return router;
  }

  it.skipIf(!hasPsql)('psql keeps its session, and an answer under way', async () => {
    const { user, password, database: name } = database!;
    const address = ['-h', '127.0.0.1', '-p', String(ports.get('db')), '-U', user, name];
    const client = new LineProcess(psql!, ['-XqAt', ...address], { PGPASSWORD: password });
    const ask = (query: string) => {
      client.send(query);
      return client.line();
    };
    const backend = await ask('select pg_backend_pid();');
    await ask("create temp table kept as select 'in this session alone' as note; select 1;");

    client.send(`select repeat('x', 100) || i from generate_series(1, ${ROWS}) i;`);
    const row = (at: number) => `${'x'.repeat(100)}${at}`;
    let restart: Promise<PartProcess> | undefined;
    for (let at = 1; at <= ROWS; at++) {
      const line = await client.line();
      if (line !== row(at)) expect(line).toBe(row(at));
      if (at === 1000) restart = killEdgeRouter('db');
    }
    const router = await restart!;
    expect(await ask('select note from kept;')).toBe('in this session alone');
    expect(await ask('select pg_backend_pid();')).toBe(backend);
    expect(await client.end()).toBe(0);
    await router.start();
    await network.sdk.until(async () =>
      (await network.sdk.list('edge-routers')).every(({ isOnline }) => isOnline),
    );
  });

  it.skipIf(missingSsh !== undefined)('ssh keeps its session', async () => {
    const args = ssh!.clientArgs(ports.get('shell')!);
    const client = new LineProcess('/usr/bin/ssh', [...args, 'echo $$; exec cat']);
    const pid = await client.line();
    expect(pid).toMatch(/^\d+$/);
    client.send('before');
    expect(await client.line()).toBe('before');
    const killed = killEdgeRouter('shell');
    client.send('meanwhile');
    expect(await client.line()).toBe('meanwhile');
    await killed;
    client.send('after');
    expect(await client.line()).toBe('after');
    expect(await client.end()).toBe(0);
    expect(tunnel.errors).toBe('');
  });
});

/** PostgreSQL of the tests listens on a Unix socket alone. */
async function startSocketBridge(network: ProgramNetwork, path: string): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const inner = connect({ path, allowHalfOpen: true });
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const)
      one
        .on('error', () => other.destroy())
        .on('close', () => other.destroy())
        .pipe(other);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  network.onClose(() => server.close());
  return (server.address() as AddressInfo).port;
}
