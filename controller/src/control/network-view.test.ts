import type { CircuitReport } from '@postern/shared/schemas';
import { beforeEach, describe, expect, it } from 'vitest';
import { createNetworkView, type NetworkView } from './network-view.ts';

const circuit = (circuitId: string, identityId = 'alice'): CircuitReport => ({
  circuitId,
  identityId,
  serviceId: 'wiki',
  path: ['r1'],
});

let network: NetworkView;
beforeEach(() => {
  network = createNetworkView();
});
const ids = () => network.circuits().map(({ circuitId }) => circuitId);

describe('the circuits a controller knows of', () => {
  it('follow lists and events, in order of their ids', () => {
    network.replace('r1', [circuit('b')], 1);
    network.apply('r2', { kind: 'opened', ...circuit('a', 'bob') }, 2);
    expect(ids()).toEqual(['a', 'b']);
    expect([...network.callers()].sort()).toEqual(['alice', 'bob']);
    network.apply('r2', { kind: 'closed', ...circuit('a', 'bob'), reason: 'OK' }, 3);
    expect(ids()).toEqual(['b']);
    network.forget('r1');
    expect(ids()).toEqual([]);
  });

  it('keep since when they were known over a new list, and drop what it lacks', () => {
    network.replace('r1', [circuit('a'), circuit('b')], 1);
    network.replace('r1', [circuit('b'), circuit('c')], 5);
    expect(network.circuits().map(({ circuitId, sinceMs }) => [circuitId, sinceMs])).toEqual([
      ['b', 1],
      ['c', 5],
    ]);
  });

  it('of one router have a limit', () => {
    network.replace(
      'r1',
      Array.from({ length: 100_001 }, (_, i) => circuit(`c${i}`)),
      1,
    );
    expect(ids()).toHaveLength(100_000);
  });

  it('are closed by the newest connection of their router alone', () => {
    const closed: string[] = [];
    const link = (name: string) => ({
      closeCircuit: (id: string, code: string) => closed.push(`${name} ${id} ${code}`),
      ask: () => Promise.reject(new Error('nobody asks')),
    });
    network.replace('r1', [circuit('a')], 1);
    expect(network.closeCircuit('a', 'ERR_X')).toBe(false);
    const detach = network.attach('r1', link('old'));
    network.attach('r1', link('new'));
    detach();
    expect(network.closeCircuit('a', 'ERR_X')).toBe(true);
    expect(closed).toEqual(['new a ERR_X']);
  });
});
