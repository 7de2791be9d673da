import { expect, it } from 'vitest';
import { pinned } from '../../../../test/harness/vectors.ts';
import { encodeUtf8, fromHex, toHex } from '../../bytes/index.ts';
import { createZitiKeyPair, ZitiOpener, ZitiSealer, zitiKeys } from './index.ts';

/** From specs/edge-protocol.md §5, which had them from libsodium 1.0.18 and a second implementation. */
const vector = pinned('ziti', {
  dialerSeed: '11'.repeat(32),
  hostSeed: '22'.repeat(32),
  dialerPublicKey: 'cb8403d9e0857b55c47ff233b6b4379588c9644aababb2588027bf7188b98217',
  hostPublicKey: '89e2e17b0a384fecb8057084b5b1ba5b5c3c0eca440388432103a9c6e152d81f',
  dialerReceives: 'b0053e142960e91d365043abe725043e227e745ff53fa1f4815056b45a0bc4ea',
  dialerSends: '0f8fd492c10c2dd3dca73ccb41f633d20109e94a4a4a1bbbc3e39387633faa9f',
  header: '000102030405060708090a0b0c0d0e0f1011121314151617',
  chunks: [
    { plaintext: 'hi', sealed: '363f52557465b25e66b79a71162eeb825d1559' },
    { plaintext: 'yo', sealed: 'd534513e8fc7f0e2ef0d86f2c6022001e4664e' },
  ],
});

const pairs = async () =>
  [
    await createZitiKeyPair(fromHex(vector.dialerSeed)),
    await createZitiKeyPair(fromHex(vector.hostSeed)),
  ] as const;

it('exchanges keys as libsodium does', async () => {
  const [dialer, host] = await pairs();
  expect(toHex(dialer.publicKey)).toBe(vector.dialerPublicKey);
  expect(toHex(host.publicKey)).toBe(vector.hostPublicKey);
  const own = zitiKeys('dialer', dialer, host.publicKey);
  expect([toHex(own.receive), toHex(own.send)]).toEqual([
    vector.dialerReceives,
    vector.dialerSends,
  ]);
  const others = zitiKeys('host', host, dialer.publicKey);
  expect([others.send, others.receive]).toEqual([own.receive, own.send]);
});

it('opens what others sealed', async () => {
  await pairs();
  const opener = new ZitiOpener(fromHex(vector.dialerSends));
  expect(opener.open(fromHex(vector.header))).toBeUndefined();
  for (const { plaintext, sealed } of vector.chunks)
    expect(opener.open(fromHex(sealed))).toEqual(encodeUtf8(plaintext));
});

it('opens what it sealed, in order and unchanged only', async () => {
  const [dialer, host] = await pairs();
  const { send } = zitiKeys('dialer', dialer, host.publicKey);
  const sealer = new ZitiSealer(send);
  const [one, two] = [sealer.seal(encodeUtf8('one')), sealer.seal(encodeUtf8('two'))];
  const opener = (): ZitiOpener => {
    const made = new ZitiOpener(send);
    made.open(sealer.header);
    return made;
  };
  const invalid = expect.objectContaining({ code: 'ERR_RECORD_INVALID' });
  expect(opener().open(one)).toEqual(encodeUtf8('one'));
  expect(() => opener().open(two)).toThrow(invalid);
  expect(() => opener().open(one.slice(0, -1))).toThrow(invalid);
  expect(() => opener().open(one.slice(0, 16))).toThrow(invalid);
  expect(() => opener().open(one.map((byte, at) => (at === 0 ? byte ^ 1 : byte)))).toThrow(invalid);
  expect(() => new ZitiOpener(send).open(one)).toThrow(invalid);
});

it('refuses a key that leads nowhere', async () => {
  const [dialer] = await pairs();
  const code = expect.objectContaining({ code: 'ERR_KEY_EXCHANGE' });
  expect(() => zitiKeys('host', dialer, new Uint8Array(32))).toThrow(code);
  expect(() => zitiKeys('host', dialer, new Uint8Array(31))).toThrow(code);
});
