import { freezeTransit } from './freeze-transit.ts';
import { killConnector } from './kill-connector.ts';
import { killRouter } from './kill-router.ts';
import { partitionController } from './partition-controller.ts';
import { revocation } from './revocation.ts';
import { stalledReaders } from './stalled-readers.ts';
import { stopController } from './stop-controller.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: Readonly<Record<string, Scenario>> = {
  'kill-transit': killRouter('transit'),
  'kill-edge': killRouter('in'),
  'kill-host-router': killRouter('out'),
  'freeze-transit': freezeTransit(),
  'kill-connector': killConnector(),
  revocation: revocation(),
  'stop-controller': stopController(),
  'partition-controller': partitionController(),
  'stalled-readers': stalledReaders(),
};
