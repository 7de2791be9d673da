/**
 * What forwarding costs: one, two and three routers in a row against as many bare relays, plain and with TLS, in
 * processes of their own, in the same run. Both ends are two sockets of this process, without encryption of their
 * own. Links and a router's connection to a host are mutual TLS, so the relay with TLS has it in the same places.
 */
import { RouterNetwork } from '../harness/router-network.ts';
import { cpuSeconds } from './cpu-time.ts';
import { median, milliseconds, ratio, type FigureTable } from './figures.ts';
import { relayPath, routerPath, startRouter, totalBytes, type Path } from './router-paths.ts';

const rounds = 3;
const HOPS = [1, 2, 3] as const;
type Kind = 'routers' | 'relays' | 'relays with TLS';

interface Cost {
  megabytesPerSecond: number;
  /** Of forwarding, all processes together. */
  megabytesPerCpuSecond: number;
}

interface Measured {
  toHost: Cost[];
  toClient: Cost[];
  /** Medians of round trips, ms. */
  roundTripMs: number[];
}

/** Adds the figures; takes about two minutes. */
export async function measureRouters(table: FigureTable): Promise<void> {
  const network = await RouterNetwork.create();
  const closers: (() => Promise<void>)[] = [];
  try {
    const paths = await openPaths(network, closers);
    const measured = new Map<string, Measured>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, path] of paths) {
        const costs = measured.get(name) ?? { toHost: [], toClient: [], roundTripMs: [] };
        measured.set(name, costs);
        costs.toHost.push(await measure(path, path.toHost));
        costs.toClient.push(await measure(path, path.toClient));
        costs.roundTripMs.push(median(await path.roundTrips()));
      }
    }
    for (const hops of HOPS) report(table, measured, hops);
  } finally {
    for (const close of closers) await close();
    await network.close();
  }
}

const nameOf = (hops: number, kind: Kind): string => `${hops} ${kind}`;

async function openPaths(
  network: RouterNetwork,
  closers: (() => Promise<void>)[],
): Promise<Map<string, Path>> {
  // In a row: only neighbours have a group of links in common.
  const routers = [
    await startRouter(network, 'r1', ['a']),
    await startRouter(network, 'r2', ['a', 'b']),
    await startRouter(network, 'r3', ['b']),
  ];
  await Promise.all([network.linked('r1', 'r2'), network.linked('r2', 'r3')]);
  const paths = new Map<string, Path>();
  // The farthest host first: a nearer one would be preferred.
  for (const hops of [...HOPS].reverse()) {
    const pids = routers.slice(0, hops).map(({ pid }) => pid);
    paths.set(nameOf(hops, 'routers'), await routerPath(network, 'r1', `r${hops}`, pids));
    for (const kind of ['relays', 'relays with TLS'] as const) {
      const { path, close } = await relayPath(network, hops, kind === 'relays with TLS');
      closers.push(close);
      paths.set(nameOf(hops, kind), path);
    }
  }
  return paths;
}

function report(table: FigureTable, measured: Map<string, Measured>, hops: number): void {
  const of = (kind: Kind): Measured =>
    measured.get(nameOf(hops, kind)) ?? { toHost: [], toClient: [], roundTripMs: [] };
  for (const direction of ['toHost', 'toClient'] as const) {
    const figure = (kind: Kind, what: keyof Cost) =>
      median(of(kind)[direction].map((cost) => cost[what]));
    const perCpu = figure('routers', 'megabytesPerCpuSecond');
    const speed = figure('routers', 'megabytesPerSecond');
    const against = (kind: Kind) =>
      `${kind} ${ratio(perCpu, figure(kind, 'megabytesPerCpuSecond'))} a CPU second, ${ratio(speed, figure(kind, 'megabytesPerSecond'))} a second`;
    const way = direction === 'toHost' ? 'browser to host' : 'host to browser';
    table.add(
      `Forwarding, ${way}: ${hops} router${hops > 1 ? 's' : ''}`,
      `${perCpu.toFixed(0)} MB a CPU second, ${speed.toFixed(0)} MB/s`,
      `as many ${against('relays')}; ${against('relays with TLS')}`,
    );
  }
  const trip = (kind: Kind) => median(of(kind).roundTripMs);
  table.add(
    `Round trip of 100 bytes: ${hops} router${hops > 1 ? 's' : ''}`,
    `${milliseconds(trip('routers'))}, ${milliseconds(trip('routers') / hops)} a hop`,
    `as many relays ${milliseconds(trip('relays'))}, with TLS ${milliseconds(trip('relays with TLS'))}`,
  );
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
