import { describe, expect, it } from 'vitest';
import {
  counting,
  importVectorKey,
  pinned,
  pinnedSignature,
  vectorKey,
} from '../../../../test/harness/vectors.ts';
import { fromHex, toHex } from '../../bytes/index.ts';
import { signEs256, verifyEs256 } from '../../crypto/index.ts';
import {
  ContentType,
  decodeCredit,
  decodeMessage,
  EDGE_LIMITS,
  encodeCredit,
  HeaderKey,
  peekConnectionId,
} from '../channel/index.ts';
import { ManualClock } from '../channel/manual-clock.ts';
import { PROBE_AFTER_MS } from '../channel/liveness.ts';
import { EdgeConnection } from './edge-connection.ts';
import { FakeRouter } from './fake-router.ts';
import { helloProofBytes } from './hello-proof.ts';
import type { EdgeConnectionOptions } from './connection-types.ts';

const hello = {
  nonce: toHex(counting(32)),
  routerId: 'router-1',
  timeMs: 1_700_000_000_000,
  token: 'app.token',
};
const SIGNATURE = counting(64, 128);

async function computeHello() {
  const signed = await helloProofBytes({ ...hello, nonce: fromHex(hello.nonce) });
  const signature = await pinnedSignature('hello', 'signature', async () =>
    toHex(await signEs256(await importVectorKey(), signed)),
  );
  return { ...hello, key: toHex(vectorKey.point), signed: toHex(signed), signature };
}

/** Keeps the frames as they leave. */
class RecordingRouter extends FakeRouter {
  readonly frames: string[] = [];

  override send(frame: Uint8Array): void {
    this.frames.push(toHex(frame));
    super.send(frame);
  }

  /** The last frame sent since the last call, of which there must be one. */
  take(): string {
    const [frame, ...more] = this.frames.splice(0);
    if (frame === undefined || more.length > 0) throw new Error('not one frame');
    return frame;
  }
}

function connect(credentials: EdgeConnectionOptions['credentials']) {
  const router = new RecordingRouter();
  const clock = new ManualClock(hello.timeMs);
  const connection = new EdgeConnection({ pipe: router, credentials, clock });
  router.connection = connection;
  return { router, clock, connection };
}

/** Everything a browser sends, by what it answers or asks. */
async function computeBrowser(): Promise<Record<string, string>> {
  const sign = () => Promise.resolve(SIGNATURE);
  const { token } = hello;
  const browser = connect({ mode: 'browser', token, publicKey: vectorKey.point, sign });
  const { router, connection, clock } = browser;
  router.challenge(fromHex(hello.nonce));
  await router.next(ContentType.hello);
  const frames: Record<string, string> = { Hello: router.take() };
  router.acceptHello();
  await connection.opened;

  const dialing = connection.dial('dial.grant');
  const connectMessage = await router.next(ContentType.connect);
  frames['Connect'] = router.take();
  const id = router.accept(connectMessage, 'circuit-1');
  const circuit = await dialing;
  circuit.send(counting(5));
  frames['Data'] = router.take();
  circuit.onMessage = () => undefined;
  router.data(id, 1, counting(7));
  clock.advance(200);
  frames['CircuitCredit'] = router.take();
  circuit.close({ code: 'ERR_CIRCUIT_LOST', message: 'lost', retryable: true });
  frames['StateClosed'] = router.take();

  const updating = connection.updateToken('next.token');
  await router.next(ContentType.updateToken);
  frames['UpdateToken'] = router.take();
  updating.catch(() => undefined);
  clock.advance(PROBE_AFTER_MS);
  frames['Latency'] = router.take();
  router.reply({
    contentType: ContentType.latency,
    headers: decodeMessage(fromHex(frames['Latency']), EDGE_LIMITS).headers,
  });
  frames['answer to Latency'] = router.take();
  connection.close();
  return frames;
}

/** Everything a connector sends. */
async function computeHost(): Promise<Record<string, string>> {
  const { router, connection } = connect({ mode: 'host' });
  const frames: Record<string, string> = { Hello: router.take() };
  router.acceptHello();
  await connection.opened;
  const options = { bindGrant: 'bind.grant', cost: 5, listenerId: counting(16) };
  const bindingMade = connection.bind({ ...options, precedence: 'required' }, (circuit) => {
    circuit.onMessage = () => undefined;
  });
  const bind = await router.next(ContentType.bind);
  frames['Bind'] = router.take();
  const bindId = router.accept(bind);
  const binding = await bindingMade;
  router.dial(bindId, 0x8000_0007, 'circuit-1');
  frames['DialSuccess'] = router.take();
  router.dial(bindId + 1, 0x8000_0008, 'circuit-2');
  frames['DialFailed'] = router.take();
  binding.update({ bindGrant: 'next.grant', cost: 6 });
  frames['UpdateBind'] = router.take();
  binding.unbind();
  frames['Unbind'] = router.take();
  connection.close();
  return frames;
}

const credits = [
  { connectionId: 1, totalBytes: 0, sequence: 0 },
  { connectionId: 0x8000_0005, totalBytes: 2 ** 32 + 2, sequence: 17 },
  { connectionId: 0xffff_ffff, totalBytes: Number.MAX_SAFE_INTEGER, sequence: 0xffff_ffff },
];

describe('edge vectors', () => {
  it('match test/vectors/hello.json, whose signature holds', async () => {
    const computed = await computeHello();
    const vector = pinned('hello', computed);
    expect(computed).toEqual(vector);
    const [key, signature, signed] = [vector.key, vector.signature, vector.signed].map(fromHex);
    expect(await verifyEs256(key!, signature!, signed!)).toBe(true);
    expect(await verifyEs256(key!, signature!, signed!.with(60, 1))).toBe(false);
  });

  it('match test/vectors/edge.json', async () => {
    const [browser, host] = await Promise.all([computeBrowser(), computeHost()]);
    const computed = { browser, host };
    expect(computed).toEqual(pinned('edge', computed));
    const message = decodeMessage(fromHex(browser['Hello'] ?? ''), EDGE_LIMITS);
    expect(message.headers.bytes(HeaderKey.proof)).toEqual(SIGNATURE);
  });

  it('match test/vectors/credit.json and read back', () => {
    const computed = credits.map((credit) => {
      const { connectionId, totalBytes, sequence } = credit;
      return { ...credit, hex: toHex(encodeCredit(connectionId, totalBytes, sequence, 3)) };
    });
    const vectors = pinned('credit', computed);
    expect(computed).toEqual(vectors);
    for (const { connectionId, totalBytes, sequence, hex } of vectors) {
      expect(peekConnectionId(fromHex(hex))).toBe(connectionId);
      expect(decodeCredit(fromHex(hex))).toEqual({ totalBytes, sequence });
    }
  });
});
