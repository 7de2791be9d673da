import { expect, it } from 'vitest';
import { placeRouters } from './layout.ts';

it('puts linked routers beside each other', () => {
  const link = (from: string, to: string) => ({ id: from + to, from, to });
  const places = placeRouters(
    ['a', 'b', 'c', 'd', 'e', 'f'],
    [
      link('a', 'd'),
      link('d', 'b'),
      link('b', 'e'),
      link('e', 'c'),
      link('c', 'f'),
      link('f', 'a'),
    ],
  );
  const distance = (one: string, other: string) => {
    const [from, to] = [places.get(one)!, places.get(other)!];
    return Math.round(Math.hypot(from.x - to.x, from.y - to.y));
  };
  expect(
    new Set(['ad', 'db', 'be', 'ec', 'cf', 'fa'].map((pair) => distance(pair[0]!, pair[1]!))),
  ).toEqual(new Set([36]));
});

it('has a place for everyone, within the picture, and for one alone the middle', () => {
  const ids = Array.from({ length: 60 }, (_, at) => `r${at}`);
  const places = [...placeRouters(ids, []).values()];
  expect(new Set(places.map(({ x, y }) => `${x},${y}`)).size).toBe(60);
  expect(places.every(({ x, y }) => Math.hypot(x, y) < 50)).toBe(true);
  expect(placeRouters(['a'], [])).toEqual(new Map([['a', { x: 0, y: -0 }]]));
  expect(placeRouters([], []).size).toBe(0);
});
