/**
 * The only controller is away: what runs goes on, and what is new is opened, by what routers and connectors
 * hold. What was decided meanwhile counts as soon as it is back; when it stays away, dials end at the time
 * that the operator set, with the reason.
 */
import { isAppError } from '@postern/shared/errors';
import type { SecureSession } from '@postern/shared/protocol/session';
import { FaultClient } from '../fault-client.ts';
import type { FaultNetwork } from '../fault-network.ts';
import { checkSession } from './check-session.ts';
import type { Scenario } from './scenario.ts';

const ENFORCED_WITHIN_MS = 2_000;
const LOOK_MS = 1_000;
/** A dial grant counts so long beyond the outage time, and clocks may differ. */
const GRANT_S = 120;
const TOLERANCE_S = 30;
const SLACK_S = 15;

export function stopController(): Scenario {
  return {
    title: 'the controller is killed, and changed while no router can reach it',
    network: ({ minutes }) => ({ outageMinutes: minutes + 1 }),
    async run({ network, random, minutes }) {
      const client = await FaultClient.signIn(network, random);
      // With a grant in hand, as a worker in use has.
      (await client.connect()).close();
      const lasting = await (await FaultClient.signIn(network, random)).connect();
      await network.controller.kill();
      const circuits = await useFor(minutes * 60_000, client, lasting);
      await network.controllerAside.start();
      await network.forbidDials();
      await network.controllerAside.kill();
      await checkSession(lasting, 0);
      const closed = lasting.closed.then(({ code }) => ({ code, atMs: performance.now() }));
      await network.controller.start();
      const backMs = performance.now();
      const { code, atMs } = await closed;
      const enforcedMs = Math.round(atMs - backMs);
      if (enforcedMs > ENFORCED_WITHIN_MS) throw new Error(`enforced after ${enforcedMs} ms`);
      const expiry = await stayAway(network, random, minutes + 1);
      return {
        minutes,
        circuitsOpenedMeanwhile: circuits,
        enforcedMs,
        enforcedAs: code,
        ...expiry,
      };
    },
  };

  /** The old session, and a new one each time. Resolves with the number of new ones. */
  async function useFor(ms: number, client: FaultClient, lasting: SecureSession): Promise<number> {
    const endMs = Date.now() + ms;
    let opened = 0;
    do {
      await checkSession(lasting, opened);
      const fresh = await client.connect();
      await checkSession(fresh, opened);
      fresh.close();
      opened += 1;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    } while (Date.now() < endMs);
    return opened;
  }

  async function stayAway(
    network: FaultNetwork,
    random: Parameters<typeof FaultClient.signIn>[1],
    outageMinutes: number,
  ): Promise<{ dialsEndedAfterS: number; dialsEndedAs: string }> {
    await network.allowDials();
    const client = await FaultClient.signIn(network, random);
    (await client.connect()).close();
    const startedMs = Date.now();
    await network.controller.kill();
    const dueS = GRANT_S + 60 * outageMinutes;
    for (;;) {
      const outcome = await client.connect().then(
        (session) => session.close(),
        (error: unknown) => error,
      );
      const afterS = Math.round((Date.now() - startedMs) / 1_000);
      if (outcome !== undefined) {
        if (!isAppError(outcome)) throw new Error('dials failed', { cause: outcome });
        const { code } = outcome;
        if (code !== 'ERR_CONTROLLER_UNREACHABLE') throw new Error(`dials ended with ${code}`);
        if (afterS < dueS - SLACK_S) throw new Error(`dials ended after ${afterS} s already`);
        return { dialsEndedAfterS: afterS, dialsEndedAs: code };
      }
      if (afterS > dueS + TOLERANCE_S + SLACK_S) throw new Error('dials did not end');
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
