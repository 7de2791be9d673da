import type { Tier } from '../fault-network.ts';
import type { Scenario } from './scenario.ts';
import { streamsSurvive } from './streams-survive.ts';

/** SIGKILL of a router of that tier that circuits run through. */
export function killRouter(tier: Tier): Scenario {
  return streamsSurvive({
    title: `kill -9 of the ${tier} router under streams`,
    deadlineMs: 60_000,
    async inject(network, random) {
      await random.pick(await network.inUse(tier)).kill();
    },
  });
}
