import { describe, expect, it } from 'vitest';
import { PathGraph } from './path-graph.ts';

const router = (links: Record<string, number>, cost = 0) => ({
  cost,
  noTraversal: false,
  links: new Map(Object.entries(links)),
});

describe('PathGraph', () => {
  it('counts a link only while both its routers report it', () => {
    const graph = new PathGraph();
    graph.set('a', router({ b: 4 }));
    expect(graph.costOf('a', 'b')).toBeUndefined();
    graph.set('b', router({ a: 4 }, 2));
    expect(graph.costOf('a', 'b')).toBe(7);
    graph.set('b', router({}));
    expect(graph.costOf('a', 'b')).toBeUndefined();
  });

  it('takes the larger of what the two measured', () => {
    const graph = new PathGraph();
    graph.set('a', router({ b: 90 }));
    graph.set('b', router({ a: 0 }));
    expect([graph.costOf('a', 'b'), graph.costOf('b', 'a')]).toEqual([91, 91]);
  });

  it('forgets routers that are gone and neighbours that never were', () => {
    const graph = new PathGraph();
    graph.set('a', router({ b: 1 }));
    graph.set('b', router({ a: 1 }));
    for (let i = 0; i < 3000; i += 1) graph.set('liar', router({ [`ghost-${i}`]: 0 }));
    expect(graph.length).toBeLessThan(1200);
    expect(graph.costOf('a', 'b')).toBe(2);
  });
});
