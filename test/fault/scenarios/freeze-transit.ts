import type { Scenario } from './scenario.ts';
import { streamsSurvive } from './streams-survive.ts';

/** SIGSTOP: sockets stay open and nobody answers, as when a network drops everything. */
export function freezeTransit(): Scenario {
  return streamsSurvive({
    title: 'a transit router stops answering under streams, its sockets open',
    deadlineMs: 120_000,
    async inject(network, random) {
      random.pick(await network.inUse('transit')).freeze();
    },
  });
}
