/** A small message beside eight bulk streams over the same link and host: its p99 against that when idle. */
import type { Circuit } from '@postern/shared/protocol/edge';
import { RouterNetwork } from '../harness/router-network.ts';
import { milliseconds, ratio, type FigureTable } from './figures.ts';
import { circuitRoundTrips, startCircuits, startRouter } from './router-paths.ts';

const BULK_CIRCUITS = 8;
const MESSAGES = 1_000;
const bulk = new Uint8Array(65_536 + 24);

/** Adds the figure; takes about ten seconds. */
export async function measureFairness(table: FigureTable): Promise<void> {
  const network = await RouterNetwork.create();
  try {
    await startRouter(network, 'r1');
    await startRouter(network, 'r2');
    await network.linked('r1', 'r2');
    const newCircuit = await startCircuits(network, 'r1', 'r2');
    const { client, host } = await newCircuit();
    const idle = p99(await circuitRoundTrips(client, host, MESSAGES));
    const bulks: Circuit[] = [];
    for (let i = 0; i < BULK_CIRCUITS; i++) {
      const one = await newCircuit();
      one.client.onMessage = () => undefined;
      bulks.push(one.host);
    }
    const stop = new AbortController();
    const sending = bulks.map((circuit) => sendUntil(circuit, stop.signal));
    const busy = p99(await circuitRoundTrips(client, host, MESSAGES));
    stop.abort();
    await Promise.all(sending);
    table.add(
      `Round trip of 100 bytes beside ${BULK_CIRCUITS} bulk streams, two routers`,
      `p99 ${milliseconds(busy)}`,
      `idle p99 ${milliseconds(idle)}: ${ratio(busy, idle)} (target: at most 3×)`,
    );
  } finally {
    await network.close();
  }
}

async function sendUntil(circuit: Circuit, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await circuit.ready(bulk.length);
    circuit.send(bulk);
  }
}

function p99(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? NaN;
}
