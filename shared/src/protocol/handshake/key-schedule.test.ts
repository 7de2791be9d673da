import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counting, pinned } from '../../../../test/harness/vectors.ts';
import { concatBytes, encodeUtf8, fromHex, toHex } from '../../bytes/index.ts';
import {
  answerKeyExchange,
  createWebCryptoCipher,
  offerKeyExchange,
  sha256,
} from '../../crypto/index.ts';
import { outgoing } from '../session/record.ts';
import { TrafficKey } from '../session/index.ts';
import { formatFingerprint } from './fingerprint.ts';
import {
  clientSignedText,
  deriveKeys,
  hostSignedText,
  sealProof,
  transcriptHash,
} from './key-schedule.ts';
import {
  decodeClientHello,
  decodeClientProof,
  decodeHostHello,
  decodeHostProof,
  encodeClientHello,
  encodeClientProof,
  encodeHostHello,
  encodeHostProof,
} from './messages.ts';

/** Stands for randomness: each call goes on where the last one ended. */
const countingFrom = (first: number) => {
  let next = first;
  return (length: number) => {
    next += length;
    return counting(length, next - length);
  };
};

/** Everything in suite 1 that depends on its inputs only; signatures stand as fixed bytes. */
async function computeVector() {
  const offer = await offerKeyExchange(countingFrom(0));
  const m1 = encodeClientHello({
    version: 1,
    suites: [1],
    share: offer.share,
    kemKey: offer.kemKey,
    dialGrant: 'dial.grant',
  });
  const answer = await answerKeyExchange(offer.share, offer.kemKey, countingFrom(100));
  const hello = encodeHostHello({ suite: 1, ...answer });
  const th1 = await transcriptHash(m1, hello, 'circuit-1');
  const sharedSecret = offer.complete(answer.share, answer.kemCiphertext);
  const keys = await deriveKeys(th1, sharedSecret);
  const hostProof = encodeHostProof({
    bindGrant: 'bind.grant',
    signature: new Uint8Array(64).fill(1),
  });
  const m2 = concatBytes(hello, await sealProof(createWebCryptoCipher, keys.host, th1, hostProof));
  const clientProof = encodeClientProof({
    key: new Uint8Array(65).fill(4),
    signature: new Uint8Array(64).fill(2),
    assertion: 'assertion',
  });
  const m3 = concatBytes(
    Uint8Array.of(3),
    await sealProof(createWebCryptoCipher, keys.client, th1, clientProof),
  );
  const traffic = await keys.traffic(m2, m3);
  const sender = await TrafficKey.create(traffic.clientToHost.slice(), createWebCryptoCipher);
  const records = [
    await sender.seal(outgoing(7, 0, encodeUtf8('pingpong')), 0),
    await sender.seal(outgoing(3, 1, encodeUtf8('data'), true), 0),
  ];
  await sender.rekey();
  records.push(await sender.seal(outgoing(3, 3, encodeUtf8('new key')), 0));
  return {
    m1Sha256: toHex(await sha256(m1)),
    hostHelloSha256: toHex(await sha256(hello)),
    th1: toHex(th1),
    sharedSecret: toHex(sharedSecret),
    hostKey: toHex(keys.host),
    clientKey: toHex(keys.client),
    hostSignedText: toHex(await hostSignedText(th1, 'dial.grant', 'bind.grant')),
    clientSignedText: toHex(await clientSignedText(th1, m2, 'dial.grant', 'bind.grant')),
    m2Sha256: toHex(await sha256(m2)),
    m3: toHex(m3),
    clientToHost: toHex(traffic.clientToHost),
    hostToClient: toHex(traffic.hostToClient),
    fingerprint: traffic.fingerprint,
    resumptionId: toHex(traffic.resumption.id),
    resumptionClientKey: toHex(traffic.resumption.client),
    resumptionHostKey: toHex(traffic.resumption.host),
    records: records.map((record) => toHex(record)),
  };
}

describe('handshake vectors', () => {
  it('match test/vectors/handshake.json', async () => {
    const computed = await computeVector();
    expect(computed).toEqual(pinned('handshake', computed));
  });
});

describe('the fingerprint', () => {
  it('is of 24 characters, in groups', () => {
    expect(formatFingerprint(new Uint8Array(15))).toBe('0000-0000-0000-0000-0000-0000');
    expect(formatFingerprint(new Uint8Array(15).fill(255))).toBe('ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ');
    expect(formatFingerprint(Uint8Array.of(...new Uint8Array(14), 1))).toMatch(/-0001$/);
  });
});

describe('handshake messages', () => {
  it('stand any bytes', () => {
    const decoders = [decodeClientHello, decodeHostHello, decodeHostProof, decodeClientProof];
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 1500 }),
        fc.constantFrom(...decoders),
        (bytes, decode) => {
          try {
            decode(bytes);
          } catch (error) {
            expect((error as { code: string }).code).toMatch(/^ERR_(HANDSHAKE|BYTES)_/);
          }
        },
      ),
    );
  });

  it('come back as they were', () => {
    const proof = {
      key: new Uint8Array(65).fill(4),
      signature: new Uint8Array(64),
      assertion: 'a.b.c',
    };
    expect(decodeClientProof(encodeClientProof(proof))).toEqual(proof);
    expect(() => decodeClientProof(concatBytes(encodeClientProof(proof), fromHex('00')))).toThrow();
  });
});
