import { expect, it } from 'vitest';
import { BoundedMemory } from './bounded-memory.ts';

it('forgets what was written longest ago', () => {
  const memory = new BoundedMemory(2);
  for (const key of ['a', 'b', 'a', 'c']) memory.set(key, key);
  expect(['a', 'b', 'c'].map((key) => memory.get(key))).toEqual(['a', undefined, 'c']);
});
