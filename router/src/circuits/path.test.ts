import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, findPath, MAX_HOPS, type PathNode } from './path.ts';

const node = (links: Record<string, number>, extra: Partial<PathNode> = {}): PathNode => ({
  cost: 0,
  noTraversal: false,
  ...extra,
  links: new Map(Object.entries(links)),
});

describe('findPath', () => {
  it('needs no hop to itself', () => {
    expect(findPath(new Map(), 'a', 'a')).toEqual({ hops: [], cost: 0 });
  });

  it('prefers the cheaper detour over the dear direct link', () => {
    const nodes = new Map([
      ['a', node({ b: 100, c: 10 })],
      ['b', node({})],
      ['c', node({ b: 10 })],
    ]);
    expect(findPath(nodes, 'a', 'b')).toEqual({ hops: ['c', 'b'], cost: 22 });
  });

  it('counts the cost of the routers entered and never traverses noTraversal', () => {
    const nodes = new Map([
      ['a', node({ b: 1, c: 1, d: 1 })],
      ['b', node({ t: 1 }, { cost: 50 })],
      ['c', node({ t: 1 }, { noTraversal: true })],
      ['d', node({ t: 10 })],
      ['t', node({})],
    ]);
    expect(findPath(nodes, 'a', 't')?.hops).toEqual(['d', 't']);
    expect(findPath(nodes, 'a', 'c')?.hops).toEqual(['c']);
  });

  it('costs what the path costs that it found, and nothing where a link is gone', () => {
    const nodes = new Map([
      ['a', node({ b: 100, c: 10 })],
      ['b', node({})],
      ['c', node({ b: 10 }, { cost: 3 })],
    ]);
    const best = findPath(nodes, 'a', 'b');
    expect(costOf(nodes, ['a', ...(best?.hops ?? [])])).toBe(best?.cost);
    expect(costOf(nodes, ['a', 'b'])).toBe(101);
    expect(costOf(nodes, ['a'])).toBe(0);
    expect(costOf(nodes, ['b', 'a'])).toBeUndefined();
  });

  it('leaves out excluded edges and unknown routers', () => {
    const nodes = new Map([
      ['a', node({ b: 1, ghost: 1 })],
      ['b', node({})],
    ]);
    expect(findPath(nodes, 'a', 'b', new Set(['a>b']))).toBeUndefined();
    expect(findPath(nodes, 'a', 'ghost')).toBeUndefined();
  });

  it('agrees with exhaustive search on small graphs', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const graph = fc.array(
      fc.record({
        from: fc.constantFrom(...ids),
        to: fc.constantFrom(...ids),
        latencyMs: fc.integer({ min: 0, max: 20 }),
      }),
      { maxLength: 14 },
    );
    fc.assert(
      fc.property(graph, (edges) => {
        const links = new Map(ids.map((id) => [id, new Map<string, number>()]));
        for (const edge of edges) links.get(edge.from)!.set(edge.to, edge.latencyMs);
        const nodes = new Map(
          ids.map((id) => [id, { cost: 0, noTraversal: false, links: links.get(id)! }]),
        );
        expect(findPath(nodes, 'a', 'e')?.cost).toBe(cheapest(links, 'a', 'e', new Set()));
      }),
    );
  });

  it('refuses paths longer than the limit', () => {
    const chain = Array.from({ length: MAX_HOPS + 2 }, (_, i) => `r${i}`);
    const nodes = new Map(
      chain.map((id, i) => [id, node(i + 1 < chain.length ? { [chain[i + 1]!]: 1 } : {})]),
    );
    expect(findPath(nodes, 'r0', `r${MAX_HOPS}`)?.hops).toHaveLength(MAX_HOPS);
    expect(findPath(nodes, 'r0', `r${MAX_HOPS + 1}`)).toBeUndefined();
  });
});

function cheapest(
  links: Map<string, Map<string, number>>,
  from: string,
  to: string,
  seen: Set<string>,
): number | undefined {
  if (from === to) return 0;
  let best: number | undefined;
  for (const [next, latencyMs] of links.get(from) ?? []) {
    if (seen.has(next)) continue;
    const rest = cheapest(links, next, to, new Set([...seen, from]));
    if (rest !== undefined && (best === undefined || rest + latencyMs + 1 < best)) {
      best = rest + latencyMs + 1;
    }
  }
  return best;
}
