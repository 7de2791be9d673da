/** Two sessions doing everything at once: whatever the order, bytes arrive once, in order, or never silently. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closeSessions,
  createSessionPair,
  createSyncCipher,
} from '../../../../test/harness/session-pair.ts';
import type { Tamper } from '../../../../test/harness/memory-circuit.ts';
import { encodeUtf8 } from '../../bytes/index.ts';
import { createWebCryptoCipher } from '../../crypto/index.ts';
import type { DialGrantClaims } from '../../grants/index.ts';
import type { Session } from './session.ts';
import { ResetCode, type SessionStream } from './types.ts';

afterEach(closeSessions);

/** What one end does with one stream. */
interface EndPlan {
  /** Bytes of each write. */
  readonly writes: readonly number[];
  /** How it ends its direction once all is written. */
  readonly end: 'fin' | 'trailers' | 'reset';
  /** Resets the stream once it read so many bytes. */
  readonly resetAfter: number | undefined;
  /** Turns of the event loop before each read: a slow reader. */
  readonly readDelay: number;
}

interface StreamPlan {
  readonly byHost: boolean;
  readonly opener: EndPlan;
  readonly acceptor: EndPlan;
}

const endPlan: fc.Arbitrary<EndPlan> = fc.record({
  writes: fc.array(
    fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200_000 })),
    { maxLength: 5 },
  ),
  end: fc.oneof(
    { weight: 5, arbitrary: fc.constant('fin' as const) },
    { weight: 2, arbitrary: fc.constant('trailers' as const) },
    { weight: 1, arbitrary: fc.constant('reset' as const) },
  ),
  resetAfter: fc.option(fc.integer({ min: 0, max: 400_000 }), { freq: 8, nil: undefined }),
  readDelay: fc.nat(2),
});
const plan = fc.record({
  streams: fc.array(fc.record({ byHost: fc.boolean(), opener: endPlan, acceptor: endPlan }), {
    minLength: 1,
    maxLength: 6,
  }),
  windowBytes: fc.integer({ min: 70_000, max: 600_000 }),
  streamWindowBytes: fc.integer({ min: 262_144, max: 1_048_576 }),
  rekeyRecords: fc.integer({ min: 2, max: 40 }),
  isSynchronous: fc.boolean(),
  /** Turns of the event loop each message takes, in rotation. */
  delays: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
  pings: fc.nat(5),
  renewals: fc.nat(3),
});

const TRAILERS = encodeUtf8('trailers');
const claims: DialGrantClaims = {
  iss: 'i',
  aud: 'postern:dial',
  sub: 'alice',
  name: 'Alice',
  svc: 'wiki',
  sid: 'sid',
  cnf: { jkt: 'k'.repeat(43) },
  hosts: ['h'],
  iat: 0,
  exp: 9e9,
  out: 9e9,
  jti: 'j',
};

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Bytes of one direction of one stream: they tell stream, direction and place. */
const bytesAt = (seed: number, position: number, length: number) =>
  Uint8Array.from(
    { length },
    (_, i) => ((position + i) * 31 + ((position + i) >> 8) + seed) & 0xff,
  );

/** How far one direction came. */
class Direction {
  readonly total: number;
  readonly seed: number;
  readonly windowBytes: number;
  taken = 0;
  received = 0;
  sawEnd = false;

  constructor(seed: number, { writes }: EndPlan, windowBytes: number) {
    this.seed = seed;
    this.windowBytes = windowBytes;
    this.total = writes.reduce((sum, length) => sum + length, 0);
  }

  /** A write was handed over: never more than the window ahead of the reader. */
  tookAll(length: number): void {
    this.taken += length;
    expect(this.taken - this.received).toBeLessThanOrEqual(this.windowBytes);
  }

  got(chunk: Uint8Array): void {
    const expected = bytesAt(this.seed, this.received, chunk.length);
    expect(Buffer.compare(chunk, expected)).toBe(0);
    this.received += chunk.length;
  }
}

async function write(stream: SessionStream, { writes, end }: EndPlan, direction: Direction) {
  let position = 0;
  for (const length of writes) {
    await stream.write(bytesAt(direction.seed, position, length));
    position += length;
    direction.tookAll(length);
  }
  if (end === 'reset') stream.reset(ResetCode.cancelled, 'writer');
  else await stream.end(end === 'trailers' ? TRAILERS : undefined);
}

async function read(stream: SessionStream, plan: EndPlan, peer: EndPlan, direction: Direction) {
  for (;;) {
    if (plan.resetAfter !== undefined && direction.received >= plan.resetAfter) {
      stream.reset(ResetCode.cancelled, 'reader');
      return;
    }
    await turns(plan.readDelay);
    const chunk = await stream.read();
    if (!chunk) break;
    direction.got(chunk);
  }
  direction.sawEnd = true;
  expect(direction.received).toBe(direction.total);
  expect(stream.trailers).toEqual(peer.end === 'trailers' ? TRAILERS : new Uint8Array());
}

/** Runs one end of a stream to its end; a reset is the only error it may meet. */
async function runEnd(
  stream: SessionStream,
  [own, peer]: readonly [EndPlan, EndPlan],
  [out, incoming]: readonly [Direction, Direction],
): Promise<void> {
  const outcomes = await Promise.allSettled([
    write(stream, own, out),
    read(stream, own, peer, incoming),
  ]);
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    expect(outcome.reason).toMatchObject({ code: 'ERR_STREAM_RESET' });
  }
  await stream.closed;
}

async function runStream(
  from: Session,
  accepted: Promise<SessionStream>,
  { opener, acceptor }: StreamPlan,
  { index, streamWindowBytes }: { index: number; streamWindowBytes: number },
): Promise<void> {
  const there = new Direction(index * 2, opener, streamWindowBytes);
  const back = new Direction(index * 2 + 1, acceptor, streamWindowBytes);
  const near = from.openStream('tcp', Uint8Array.of(index));
  await Promise.all([
    runEnd(near, [opener, acceptor], [there, back]),
    accepted.then((far) => runEnd(far, [acceptor, opener], [back, there])),
  ]);
  const hasReset = [opener, acceptor].some(
    ({ end, resetAfter }) => end === 'reset' || resetAfter !== undefined,
  );
  if (!hasReset) expect([there.sawEnd, back.sawEnd]).toEqual([true, true]);
}

/** The stream that the peer opened for each index. */
function acceptByIndex(session: Session): (index: number) => Promise<SessionStream> {
  const streams = new Map<
    number,
    { promise: Promise<SessionStream>; resolve: (s: SessionStream) => void }
  >();
  const slot = (index: number) => {
    const found = streams.get(index);
    if (found) return found;
    let resolve!: (stream: SessionStream) => void;
    const promise = new Promise<SessionStream>((done) => (resolve = done));
    const made = { promise, resolve };
    streams.set(index, made);
    return made;
  };
  session.onStream = (stream) => slot(stream.openHead[0] as number).resolve(stream);
  return (index) => slot(index).promise;
}

describe('two sessions', () => {
  it('lose, repeat and mix up nothing, whatever happens at once', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (plan) => {
        const { streams, windowBytes, streamWindowBytes, rekeyRecords, delays } = plan;
        const delayed: Tamper = async (message, index) => {
          await turns(delays[index % delays.length] as number);
          return [message];
        };
        const { a, b, opener, host } = await createSessionPair({
          circuit: { windowBytes, toA: delayed, toB: delayed },
          limits: { streamWindowBytes, rekeyRecords },
          createCipher: plan.isSynchronous ? createSyncCipher : createWebCryptoCipher,
          auth: {
            claims,
            options: {
              time: () => ({ nowMs: 0, connected: true }),
              verify: async (jti) => turns(1).then(() => ({ ...claims, jti })),
            },
          },
        });
        const [atHost, atOpener] = [acceptByIndex(host), acceptByIndex(opener)];
        for (let i = 1; i <= plan.renewals; i += 1) opener.renew(`grant-${i}`, '');
        const pings = Array.from({ length: plan.pings }, (_, i) => (i % 2 ? host : opener).ping());
        await Promise.all([
          ...pings,
          ...streams.map((stream, index) =>
            stream.byHost
              ? runStream(host, atOpener(index), stream, { index, streamWindowBytes })
              : runStream(opener, atHost(index), stream, { index, streamWindowBytes }),
          ),
        ]);
        await Promise.all([opener.ping(), host.ping()]);
        await turns(4);
        expect([opener.openStreams, host.openStreams]).toEqual([0, 0]);
        expect(host.peer['jti']).toBe(plan.renewals > 0 ? `grant-${plan.renewals}` : undefined);
        expect([a.creditBytes, b.creditBytes]).toEqual([windowBytes, windowBytes]);
        expect(Math.min(a.lowestCreditBytes, b.lowestCreditBytes)).toBeGreaterThanOrEqual(0);
        opener.close();
        expect((await host.closed).code).toBe('OK');
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});
