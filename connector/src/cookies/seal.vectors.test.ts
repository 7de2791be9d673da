import { expect, it } from 'vitest';
import { counting, pinned, pinnedSignature } from '../../../test/harness/vectors.ts';
import { createCookieSealer } from './seal.ts';

const owner = { serviceId: 'wiki', identityId: 'alice', keyThumbprint: 'k'.repeat(43) };
const name = '__Host-id';
const value = 'caf\u00e9=1';

it('opens the sealed cookie of test/vectors/cookie.json', async () => {
  const key = counting(32);
  const sealer = createCookieSealer(key);
  // The nonce is random: the sealed value in the file is one of many.
  const sealed = await pinnedSignature('cookie', 'sealed', () =>
    Promise.resolve(sealer.seal(owner, name, value)),
  );
  const computed = { key: Buffer.from(key).toString('hex'), owner, name, value, sealed };
  expect(computed).toEqual(pinned('cookie', computed));
  expect(sealer.open(owner, name, sealed)).toBe(value);
  expect(sealer.open(owner, 'id', sealed)).toBeUndefined();
  expect(sealer.seal(owner, name, value)).toHaveLength(sealed.length);
});
