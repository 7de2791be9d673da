import { freezeTransit } from './freeze-transit.ts';
import { killRouter } from './kill-router.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: Readonly<Record<string, Scenario>> = {
  'kill-transit': killRouter('transit'),
  'kill-edge': killRouter('in'),
  'kill-host-router': killRouter('out'),
  'freeze-transit': freezeTransit(),
};
