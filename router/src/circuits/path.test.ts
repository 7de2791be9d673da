import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naivePaths } from '../../../test/harness/naive-paths.ts';
import { PathGraph, type PathNode } from './path-graph.ts';
import { costOf, MAX_HOPS, shortestPaths, type Path } from './path.ts';

type Mesh = Record<string, Partial<PathNode>>;
/** `a-b: 5`: a link that both ends measured so. */
function mesh(links: Record<string, number>, routers: Mesh = {}): PathGraph {
  const nodes = new Map<string, { links: Map<string, number> }>();
  const linksOf = (id: string): Map<string, number> => {
    const node = nodes.get(id) ?? { links: new Map() };
    nodes.set(id, node);
    return node.links;
  };
  for (const [link, latencyMs] of Object.entries(links)) {
    const [a = '', b = ''] = link.split('-');
    linksOf(a).set(b, latencyMs);
    linksOf(b).set(a, latencyMs);
  }
  const graph = new PathGraph();
  for (const [id, node] of nodes)
    graph.set(id, { cost: 0, noTraversal: false, ...routers[id], ...node });
  return graph;
}
const path = (graph: PathGraph, to: string, excluded?: ReadonlySet<string>): Path | undefined =>
  shortestPaths(graph, 'a', excluded).to(to);

describe('shortestPaths', () => {
  it('needs no hop to itself', () => {
    expect(path(new PathGraph(), 'a')).toEqual({ hops: [], cost: 0 });
  });

  it('prefers the cheaper detour over the dear direct link', () => {
    const graph = mesh({ 'a-b': 100, 'a-c': 10, 'c-b': 10 });
    expect(path(graph, 'b')).toEqual({ hops: ['c', 'b'], cost: 22 });
  });

  it('counts the cost of the routers entered and never traverses noTraversal', () => {
    const graph = mesh(
      { 'a-b': 1, 'a-c': 1, 'a-d': 1, 'b-t': 1, 'c-t': 1, 'd-t': 10 },
      { b: { cost: 50 }, c: { noTraversal: true } },
    );
    expect(path(graph, 't')?.hops).toEqual(['d', 't']);
    expect(path(graph, 'c')?.hops).toEqual(['c']);
  });

  it('costs what the path costs that it found, and nothing where a link is gone', () => {
    const graph = mesh({ 'a-b': 100, 'a-c': 10, 'c-b': 10 }, { c: { cost: 3 } });
    expect(costOf(graph, ['a', ...(path(graph, 'b')?.hops ?? [])])).toBe(path(graph, 'b')?.cost);
    expect(costOf(graph, ['a', 'b'])).toBe(101);
    expect(costOf(graph, ['a'])).toBe(0);
    graph.delete('b');
    expect(costOf(graph, ['a', 'b'])).toBeUndefined();
  });

  it('leaves out excluded edges and unknown routers', () => {
    const graph = mesh({ 'a-b': 1 });
    expect(path(graph, 'b', new Set(['a>b']))).toBeUndefined();
    expect(path(graph, 'ghost')).toBeUndefined();
  });

  it('refuses paths longer than the limit', () => {
    const chain = Object.fromEntries(
      Array.from({ length: MAX_HOPS + 1 }, (_, i) => [`r${i}-r${i + 1}`, 1]),
    );
    const tree = shortestPaths(mesh(chain), 'r0');
    expect(tree.to(`r${MAX_HOPS}`)?.hops).toHaveLength(MAX_HOPS);
    expect(tree.to(`r${MAX_HOPS + 1}`)).toBeUndefined();
  });

  it('takes a dearer way to a router where the cheap one is too long to go on from', () => {
    const chain = Object.fromEntries(
      Array.from({ length: MAX_HOPS }, (_, i) => [`${i === 0 ? 'a' : `r${i}`}-r${i + 1}`, 0]),
    );
    const graph = mesh({ ...chain, [`a-r${MAX_HOPS}`]: 100, [`r${MAX_HOPS}-t`]: 0 });
    expect(path(graph, `r${MAX_HOPS}`)?.cost).toBe(MAX_HOPS);
    expect(path(graph, 't')).toEqual({ hops: [`r${MAX_HOPS}`, 't'], cost: 102 });
  });

  it('agrees with a naive search, whatever is changed and left out', () => {
    const ids = Array.from({ length: 14 }, (_, i) => (i === 0 ? 'a' : `r${i}`));
    const id = fc.constantFrom(...ids);
    const change = fc.record({
      id,
      isGone: fc.boolean(),
      cost: fc.constantFrom(0, 0, 1, 30),
      noTraversal: fc.constantFrom(false, false, false, true),
      links: fc.array(fc.tuple(id, fc.integer({ min: 0, max: 12 })), { maxLength: 6 }),
    });
    const edges = fc.array(fc.tuple(id, id), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 40 }),
        edges,
        fc.boolean(),
        (changes, out, isLine) => {
          const graph = new PathGraph();
          const nodes = new Map<string, PathNode>();
          const put = (name: string, node: PathNode): void => {
            graph.set(name, node);
            nodes.set(name, node);
          };
          // On a line paths reach their longest, which random meshes seldom do.
          const line = (name: string): Map<string, number> => {
            const at = ids.indexOf(name);
            const beside = isLine ? [ids[at - 1], ids[at + 1]] : [];
            return new Map(beside.flatMap((one) => (one === undefined ? [] : [[one, 0]])));
          };
          for (const name of ids) put(name, { cost: 0, noTraversal: false, links: line(name) });
          for (const { id: name, isGone, links, ...rest } of changes) {
            if (isGone && !isLine) {
              graph.delete(name);
              nodes.delete(name);
            } else put(name, { ...rest, links: new Map([...line(name), ...links]) });
          }
          const excluded = new Set(out.map(([from, to]) => `${from}>${to}`));
          const naive = naivePaths(nodes, 'a', { maxHops: MAX_HOPS, excluded });
          const tree = shortestPaths(graph, 'a', excluded);
          for (const name of ids.slice(1)) {
            const found = tree.to(name);
            expect([name, found?.cost]).toEqual([name, naive.get(name)]);
            if (found === undefined) continue;
            expect(found.hops.length).toBeLessThanOrEqual(MAX_HOPS);
            expect(costOf(graph, ['a', ...found.hops])).toBe(found.cost);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
