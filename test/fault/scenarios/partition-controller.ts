/**
 * Every router and connector is cut off from the controller, which lives on: what it decides meanwhile counts
 * soon after the partition's end. Packets to its control address are dropped by a route, in a network
 * namespace that `npm run fault` makes for this scenario.
 */
import { execFileSync } from 'node:child_process';
import { FaultClient } from '../fault-client.ts';
import { CONTROL_HOST } from '../fault-network.ts';
import { checkSession } from './check-session.ts';
import { spread, type Scenario } from './scenario.ts';

/**
 * A dial under way when the partition ends goes on with its next SYN, which TCP sends after 1, 2 and 4 s; a
 * controller that was stopped is back within 2 s (`stop-controller`).
 */
const ENFORCED_WITHIN_MS = 5_000;
/** Both ends have noticed by then (docs/protocol.md, "Connecting"), and are looking for each other. */
const NOTICED_MS = 30_000;
const LOOK_MS = 1_000;

const route = (...change: string[]): void =>
  void execFileSync('ip', ['route', ...change, `${CONTROL_HOST}/32`, 'table', 'local']);

export function partitionController(): Scenario {
  return {
    title: 'the controller is cut off from routers and connectors, and decides meanwhile',
    problem: () =>
      process.env['POSTERN_FAULT_NAMESPACE'] === undefined
        ? 'it needs a network namespace of its own: root, Linux, unshare and ip'
        : undefined,
    async run({ network, random, rounds }) {
      const enforcedMs: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const client = await FaultClient.signIn(network, random);
        (await client.connect()).close();
        const lasting = await (await FaultClient.signIn(network, random)).connect();
        await checkSession(lasting, round);
        route('add', 'blackhole');
        try {
          await network.forbidDials();
          const endMs = Date.now() + NOTICED_MS;
          do {
            await checkSession(lasting, round);
            const fresh = await client.connect();
            await checkSession(fresh, round);
            fresh.close();
            await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
          } while (Date.now() < endMs);
        } finally {
          route('del', 'blackhole');
        }
        const healedMs = performance.now();
        const { code } = await lasting.closed;
        enforcedMs.push(performance.now() - healedMs);
        if (code !== 'ERR_ACCESS_REMOVED') throw new Error(`round ${round}: ended with ${code}`);
        await network.allowDials();
      }
      const figures = { enforcedMs: spread(enforcedMs) };
      if (figures.enforcedMs.most > ENFORCED_WITHIN_MS)
        throw new Error(`too late: ${JSON.stringify(figures)}`);
      return figures;
    },
  };
}
