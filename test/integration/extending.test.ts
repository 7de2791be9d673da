/** The worked examples of docs/extending.md are these files, and do what they say. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { twoChoices } from '../extending/two-choices.ts';
import { dial, ranked, seeded, tally } from '../harness/ranked-terminators.ts';
import { conformsAsStrategy } from '../harness/strategy-conformance.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('docs/extending.md shows the files that it names', () => {
  const shown = [
    ...read('docs/extending.md').matchAll(/^`(test\/extending\/[\w.-]+)`:\n\n```ts\n(.*?)```/gms),
  ];
  expect(shown.map(([, file]) => file)).toEqual(['test/extending/two-choices.ts']);
  for (const [, file = '', text] of shown) expect(text).toBe(read(file));
});

conformsAsStrategy('two-choices', twoChoices);

it('two-choices prefers the cheaper, and leaves the dearest of three one dial in nine', () => {
  const strategy = twoChoices(seeded(1));
  const costs = ranked({ a: 1, b: 2, c: 3 });
  const { a = 0, b = 0, c = 0 } = tally(9_000, () => strategy.choose(costs, dial()).terminator);
  for (const [count, share] of [
    [a, 5_000],
    [b, 3_000],
    [c, 1_000],
  ] as const)
    expect(Math.abs(count - share)).toBeLessThan(200);
});
