import { TERMINATOR_STRATEGIES } from '@postern/shared/schemas';
import { expect, it } from 'vitest';
import { dial, ranked } from '../../../../test/harness/ranked-terminators.ts';
import { conformsAsStrategy } from '../../../../test/harness/strategy-conformance.ts';
import { createStrategies } from './index.ts';

for (const name of TERMINATOR_STRATEGIES)
  conformsAsStrategy(name, (random) => createStrategies(random)(name));

it.each(TERMINATOR_STRATEGIES)('%s is there under its name', (name) => {
  const strategies = createStrategies();
  expect(strategies(name) === strategies('of a newer controller')).toBe(name === 'smartrouting');
  expect(strategies(name).choose(ranked({ a: 1 }), dial()).terminator.id).toBe('a');
});
