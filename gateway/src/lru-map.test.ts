import { expect, it } from 'vitest';
import { LruMap } from './lru-map.ts';

it('forgets the entry unused for longest', () => {
  const map = new LruMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
  map.delete('a');
  expect(map.size).toBe(1);
});
