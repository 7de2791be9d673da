/**
 * What forwarding costs: a router, and two in a row, against bare relays in processes of their own.
 * Both ends are the same two sockets each time: this process sends and receives, without encryption
 * of its own. A router's connection to a host is mutual TLS, so there is a relay with TLS there too.
 */
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import type { RunningRouter } from '@postern/router';
import type { Circuit } from '@postern/shared/protocol/edge';
import { RouterNetwork } from '../harness/router-network.ts';
import { BenchProcess } from './bench-server.ts';
import { cpuSeconds } from './cpu-time.ts';
import { median, ratio, type FigureTable } from './figures.ts';

/** A record of 64 KiB. */
const message = Buffer.alloc(65_536 + 24, 7);
const totalBytes = 192e6;
const rounds = 3;
const highWaterBytes = 4e6;

/** Two ends with something between them. */
interface Path {
  /** The processes that forward. */
  pids: number[];
  toHost: () => Promise<void>;
  toClient: () => Promise<void>;
}

interface Cost {
  megabytesPerSecond: number;
  /** Of forwarding, all processes together. */
  megabytesPerCpuSecond: number;
}

/** Adds the figures; takes about half a minute. */
export async function measureRouters(table: FigureTable): Promise<void> {
  const network = await RouterNetwork.create();
  const relays: Awaited<ReturnType<typeof startRelay>>[] = [];
  try {
    const near = await startRouter(network, 'r1');
    const far = await startRouter(network, 'r2');
    await network.linked('r1', 'r2');
    relays.push(await startRelay(network, false), await startRelay(network, true));
    // The farther host first: a nearer one would be preferred.
    const two = await routerPath(network, ['r1', 'r2'], [near.pid, far.pid]);
    const one = await routerPath(network, ['r1', 'r1'], [near.pid]);
    const [plain, secure] = relays.map(({ path }) => path) as [Path, Path];
    const paths = { relay: plain, 'relay with TLS': secure, router: one, 'two routers': two };

    const costs: Record<string, { toHost: Cost[]; toClient: Cost[] }> = {};
    for (let round = 0; round < rounds; round++) {
      for (const [name, path] of Object.entries(paths)) {
        const cost = (costs[name] ??= { toHost: [], toClient: [] });
        cost.toHost.push(await measure(path, path.toHost));
        cost.toClient.push(await measure(path, path.toClient));
      }
    }
    report(table, costs);
  } finally {
    for (const { close } of relays) close();
    await Promise.all(relays.map(({ process }) => process.stop()));
    await network.close();
  }
}

function report(
  table: FigureTable,
  costs: Record<string, { toHost: Cost[]; toClient: Cost[] }>,
): void {
  for (const direction of ['toHost', 'toClient'] as const) {
    const of = (name: string, figure: keyof Cost) =>
      median((costs[name]?.[direction] ?? []).map((cost) => cost[figure]));
    const way = direction === 'toHost' ? 'browser to host' : 'host to browser';
    for (const name of ['router', 'two routers']) {
      const perCpu = of(name, 'megabytesPerCpuSecond');
      const speed = of(name, 'megabytesPerSecond');
      const against = (relay: string) =>
        `${relay} ${ratio(perCpu, of(relay, 'megabytesPerCpuSecond'))} a CPU second, ${ratio(speed, of(relay, 'megabytesPerSecond'))} a second`;
      table.add(
        `Forwarding, ${way}: ${name}`,
        `${perCpu.toFixed(0)} MB a CPU second, ${speed.toFixed(0)} MB/s`,
        `${against('relay')}; ${against('relay with TLS')}`,
      );
    }
  }
}

async function measure({ pids }: Path, transfer: () => Promise<void>): Promise<Cost> {
  const cpu = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const [cpuBefore, before] = [cpu(), performance.now()];
  await transfer();
  const seconds = (performance.now() - before) / 1e3;
  return {
    megabytesPerSecond: totalBytes / 1e6 / seconds,
    megabytesPerCpuSecond: totalBytes / 1e6 / (cpu() - cpuBefore),
  };
}

/** A router in a process of its own, which the network then treats like one of its own. */
async function startRouter(network: RouterNetwork, id: string): Promise<BenchProcess> {
  const listen = { host: '127.0.0.1', port: 0 };
  const process = await BenchProcess.start(
    'router-process.mjs',
    JSON.stringify({
      stateDir: await network.enrollRouter(id),
      edge: { ...listen, tls: 'none' },
      fabric: listen,
      metrics: listen,
    }),
  );
  const close = () => process.stop();
  const addresses = process.started as Omit<RunningRouter, 'close'>;
  network.routers.set(id, { ...addresses, close, [Symbol.asyncDispose]: close });
  await network.controller.changed.until(
    () => network.controller.isConnected(id),
    `${id} at the controller`,
  );
  await network.inSync();
  return process;
}

/** A circuit from a browser on one router to a host on another. */
async function routerPath(
  network: RouterNetwork,
  [near, far]: readonly [string, string],
  pids: number[],
): Promise<Path> {
  const host = new Promise<Circuit>((resolve) => void network.startHost(far, resolve));
  await network.controller.changed.until(
    () => network.controller.all('terminator').some(({ routerId }) => routerId === far),
    `a host on ${far}`,
  );
  const { edge } = await network.browser(near);
  const client = await edge.dial(await network.dialGrant());
  const atHost = await host;
  return {
    pids,
    toHost: () => sendOverCircuit(client, atHost),
    toClient: () => sendOverCircuit(atHost, client),
  };
}

function sendOverCircuit(from: Circuit, to: Circuit): Promise<void> {
  const received = new Promise<void>((resolve, reject) => {
    let bytes = 0;
    to.onMessage = (message) => {
      bytes += message.length;
      if (bytes >= totalBytes) resolve();
    };
    to.onClose = ({ code }) => reject(new Error(`circuit closed: ${code}`));
  });
  const send = async () => {
    for (let sent = 0; sent < totalBytes; sent += message.length) {
      await from.ready(message.length);
      from.send(message);
    }
  };
  return Promise.all([received, send()]).then(() => undefined);
}

async function startRelay(
  network: RouterNetwork,
  secure: boolean,
): Promise<{ process: BenchProcess; path: Path; close: () => void }> {
  const upstream: Server = secure
    ? createTlsServer({ ...(await network.pki.issue('relay')), minVersion: 'TLSv1.3' })
    : createServer();
  const sockets = new WebSocketServer({ server: upstream, perMessageDeflate: false });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  const process = await BenchProcess.start(
    'relay.mjs',
    `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}`,
  );
  const joined = once(sockets, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${process.port}`, { perMessageDeflate: false });
  await once(client, 'open');
  const [host] = await joined;
  return {
    process,
    path: {
      pids: [process.pid],
      toHost: () => sendOverSocket(client, host),
      toClient: () => sendOverSocket(host, client),
    },
    close: () => {
      client.terminate();
      upstream.close();
    },
  };
}

async function sendOverSocket(from: WebSocket, to: WebSocket): Promise<void> {
  const received = new Promise<void>((resolve) => {
    let bytes = 0;
    const count = (data: Buffer) => {
      bytes += data.length;
      if (bytes < totalBytes) return;
      to.off('message', count);
      resolve();
    };
    to.on('message', count);
  });
  for (let sent = 0; sent < totalBytes; sent += message.length) {
    if (from.bufferedAmount < highWaterBytes) from.send(message);
    else await new Promise((resolve) => from.send(message, resolve));
  }
  await received;
}
