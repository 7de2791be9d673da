import { X509Certificate } from 'node:crypto';
import { certificatesOf } from '@postern/node/tls';
import { describe, expect, it } from 'vitest';
import { TestCa } from '../../../test/harness/test-ca.ts';
import { verifyClientCertificate } from './client-certificate.ts';

const parse = (pem: string) => new X509Certificate(pem);
const verify = (leaf: string, between: string[], anchor: string, nowMs = Date.now()) =>
  verifyClientCertificate(
    { leaf: parse(leaf), intermediates: between.map(parse) },
    [parse(anchor)],
    nowMs,
  );

describe('the path of a client certificate', () => {
  it('leads over intermediates to the anchor, in any order, and no further than four', async () => {
    const root = await TestCa.create('root');
    const chain: TestCa[] = [root];
    for (let n = 1; n <= 5; n++)
      chain.push(await (chain[n - 1] ?? root).intermediate(`level ${n}`));
    const between = (count: number) => chain.slice(1, count + 1).map(({ pem }) => pem);
    const leafAt = async (count: number) => (await (chain[count] ?? root).leaf('leaf')).cert;
    expect(verify(await leafAt(4), between(4), root.pem)).toMatchObject({ isExpired: false });
    expect(verify(await leafAt(4), between(4).reverse(), root.pem)).toBeDefined();
    expect(verify(await leafAt(4), between(4).slice(1), root.pem)).toBeUndefined();
    expect(verify(await leafAt(5), between(5), root.pem)).toBeUndefined();
  });

  it('keeps the length that an authority allows below itself', async () => {
    const root = await TestCa.create('narrow', { pathLength: 0 });
    expect(verify((await root.leaf('leaf')).cert, [], root.pem)).toBeDefined();
    const sub = await root.intermediate('sub');
    expect(verify((await sub.leaf('leaf')).cert, [sub.pem], root.pem)).toBeUndefined();
  });

  it('is none by name alone: another authority of the same name signed it', async () => {
    const [real, fake] = [await TestCa.create('same'), await TestCa.create('same')];
    expect(verify((await fake.leaf('leaf')).cert, [], real.pem)).toBeUndefined();
  });

  it('says that a leaf is over, and refuses one that has not begun or whose authority is over', async () => {
    const root = await TestCa.create('root');
    const { cert } = await root.leaf('leaf');
    const day = 86_400_000;
    expect(verify(cert, [], root.pem, Date.now() + 2 * day)).toMatchObject({ isExpired: true });
    expect(verify(cert, [], root.pem, Date.now() - day / 2)).toBeUndefined();
    expect(verify(cert, [], root.pem, Date.now() + 366 * day)).toBeUndefined();
  });
});

it('reads every certificate of a text, and nothing else', async () => {
  const { pem } = await TestCa.create('x');
  expect(certificatesOf(`${pem}\nwords\n${pem}`)).toHaveLength(2);
  expect(certificatesOf('words')).toEqual([]);
  expect(() =>
    certificatesOf('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
  ).toThrow();
});
