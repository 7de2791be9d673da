import { setTimeout as delay } from 'node:timers/promises';
import type { Circuit, CloseReason } from '@postern/shared/protocol/edge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RouterNetwork, SERVICE, SESSION, USER } from '../harness/router-network.ts';
import { receivePattern, sendPattern } from '../harness/router-peers.ts';

let network: RouterNetwork;
beforeEach(async () => {
  network = await RouterNetwork.create();
});
afterEach(() => network.close());

const closed = (circuit: Circuit): Promise<CloseReason> =>
  new Promise((resolve) => (circuit.onClose = resolve));
const echo = (circuit: Circuit): void => {
  circuit.onMessage = async (message) => {
    await circuit.ready(message.length);
    circuit.send(message.slice());
  };
};
const nextMessage = (circuit: Circuit): Promise<Uint8Array> =>
  new Promise((resolve) => (circuit.onMessage = (message) => resolve(message.slice())));

describe('two routers', () => {
  beforeEach(async () => {
    await network.startRouter('r1');
    await network.startRouter('r2');
    await network.linked('r1', 'r2');
  });

  it('join a circuit across their link and carry messages both ways', async () => {
    await network.startHost('r2', echo);
    const { edge } = await network.browser('r1');
    await edge.opened;
    const circuit = await edge.dial(await network.dialGrant());
    const answer = nextMessage(circuit);
    circuit.send(Uint8Array.of(1, 2, 3));
    expect([...(await answer)]).toEqual([1, 2, 3]);
  });
});
