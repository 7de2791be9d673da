/**
 * Many clients ask for more than they will ever read, beside some that read: the router's memory stays within
 * its limit, those that do not read are cut, and the others hardly notice.
 */
import { readFileSync } from 'node:fs';
import type { SecureSession } from '@postern/shared/protocol/session';
import { request } from '../../harness/connector-client.ts';
import { FaultClient } from '../fault-client.ts';
import type { FaultNetwork } from '../fault-network.ts';
import { checkSession } from './check-session.ts';
import { spread, type Scenario } from './scenario.ts';

const STALLED = 1_000;
const HEALTHY = 50;
/** Connections made at once: routers take 20 of an address that have not proved who they are. */
const AT_ONCE = 10;
const REQUESTS_EACH = 20;
const STALLED_BYTES = 1_073_741_824;
const MIB = 1_048_576;
/** What a router is told to buffer at most, and what it needs besides. */
const BUFFERED_MIB = 256;
const PROCESS_MIB = 350;
/** They read nothing for 20 s at most. */
const CUT_WITHIN_MS = 25_000;
const WORSE_AT_MOST = 2;

export function stalledReaders(): Scenario {
  return {
    title: `${STALLED} clients that stop reading beside ${HEALTHY} that read`,
    async run({ network, random }) {
      const client = await FaultClient.signIn(network, random);
      const connectAll = async (count: number): Promise<SecureSession[]> => {
        const sessions: SecureSession[] = [];
        while (sessions.length < count) {
          const some = Array.from({ length: Math.min(AT_ONCE, count - sessions.length) }, () =>
            client.connectAlone(),
          );
          sessions.push(...(await Promise.all(some)));
        }
        return sessions;
      };
      const healthy = await connectAll(HEALTHY);
      const idle = spread(await timesOf(healthy));
      const before = residentMib(network);
      const reading = await network.clients();
      let stalled = 0;
      for (let i = 0; i < STALLED; i += AT_ONCE) {
        await Promise.all(
          Array.from({ length: AT_ONCE }, async (_, j) => {
            const other = client.copy();
            const session = await other.connect().catch(() => undefined);
            // A router that holds all it may refuses more: that is a client the less.
            if (session === undefined) return;
            stalled += 1;
            void request(session, `/?seed=${i + j}&bytes=${STALLED_BYTES}`).catch(() => undefined);
            other.stopReading();
          }),
        );
      }
      const loaded = spread(await timesOf(healthy));
      const grown = residentMib(network);
      const endMs = Date.now() + CUT_WITHIN_MS;
      let left = await network.clients();
      while (left > reading && Date.now() < endMs) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        left = await network.clients();
      }
      const figures = {
        stalled,
        refused: STALLED - stalled,
        cut: stalled - Math.max(0, left - reading),
        residentMib: { before, most: grown },
        healthyMs: { idle, loaded },
      };
      if (left > reading) throw new Error(`not all cut: ${JSON.stringify(figures)}`);
      if (grown > BUFFERED_MIB + PROCESS_MIB)
        throw new Error(`a router grew too large: ${JSON.stringify(figures)}`);
      if (loaded.p99 > WORSE_AT_MOST * idle.p99)
        throw new Error(`the others suffer: ${JSON.stringify(figures)}`);
      return figures;
    },
  };
}

async function timesOf(sessions: readonly SecureSession[]): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < REQUESTS_EACH; i += 1) {
    for (const session of sessions) {
      const startedMs = performance.now();
      await checkSession(session, i);
      times.push(performance.now() - startedMs);
    }
  }
  return times;
}

/** Of the largest router, in MiB. */
function residentMib(network: FaultNetwork): number {
  const sizes = [...network.routers.values()].map(({ part }) => {
    const [, pages = 0] = readFileSync(`/proc/${part.pid}/statm`, 'utf8').split(' ').map(Number);
    return (pages * 4096) / MIB;
  });
  return Math.round(Math.max(...sizes));
}
