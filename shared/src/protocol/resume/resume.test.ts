import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { pattern, readAll } from '../../../../test/harness/session-pair.ts';
import { ResumeWorld } from '../../../../test/harness/resume-world.ts';
import { equalBytes } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import type { SessionStream } from '../session/index.ts';
import { HOST_RETURN_MS } from './resume-client.ts';

const BYTES = 1_500_000;
const body = pattern(BYTES);

/** Sends and ends; the other direction comes back. */
async function exchange(stream: SessionStream, chunkBytes = 100_000): Promise<Uint8Array> {
  const reading = readAll(stream);
  for (let at = 0; at < BYTES; at += chunkBytes)
    await stream.write(body.subarray(at, at + chunkBytes));
  await stream.end();
  return reading;
}

describe('a session whose circuits are lost', () => {
  it.each([true, false])(
    'carries exact bytes both ways, once and in order, wherever it is cut (sync cipher: %s)',
    async (sync) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              up: fc.boolean(),
              at: fc.integer({ min: 0, max: 14 }),
              deliver: fc.boolean(),
            }),
            { maxLength: 5 },
          ),
          async (cuts) => {
            let over = false;
            const world = await ResumeWorld.create({
              sync,
              circuit: (number) => {
                const cut = cuts[number - 1];
                if (!cut) return {};
                const tamper = (message: Uint8Array, index: number): Uint8Array[] => {
                  if (index !== cut.at || over) return [message];
                  queueMicrotask(() => world.circuits[number]![0].cut());
                  return cut.deliver ? [message] : [];
                };
                return cut.up ? { toB: tamper } : { toA: tamper };
              },
            });
            const received: Promise<Uint8Array>[] = [];
            world.onStream = (stream) => void received.push(exchange(stream));
            const session = await world.connect();
            const answers = [1, 2].map(async () =>
              exchange(session.openStream('tcp', new Uint8Array())),
            );
            await vi.waitFor(() => expect(received).toHaveLength(2));
            world.circuits[0]![0].cut();
            for (const bytes of await Promise.all([...answers, ...received])) {
              expect(equalBytes(bytes, body)).toBe(true);
            }
            over = true;
            session.close();
            await world.host.closed;
            await vi.waitFor(() => expect(world.resumptions.retainedBytes).toBe(0));
            expect(world.resumptions.suspended).toBe(0);
          },
        ),
        { numRuns: 10 },
      );
    },
    30_000,
  );

  it('goes on when it was idle, and answers are still those of its questions', async () => {
    const world = await ResumeWorld.create();
    const session = await world.connect();
    for (let i = 0; i < 3; i += 1) {
      world.current[0].cut();
      await session.ping();
    }
    expect(world.circuits).toHaveLength(4);
    expect(world.sessions).toHaveLength(1);
    session.close();
  });

  it('tries again while dialing fails for a reason that may pass', async () => {
    const world = await ResumeWorld.create();
    let failures = 3;
    const session = await world.connect(async () => {
      if (failures-- > 0) throw new AppError('ERR_NO_PATH', 'none', { retryable: true });
      return world.dial();
    });
    world.current[0].cut();
    await session.ping();
    expect(failures).toBe(-1);
    session.close();
  });

  it('ends with the reason that dialing was refused for, when that will not pass', async () => {
    const world = await ResumeWorld.create();
    const session = await world.connect(() =>
      Promise.reject(new AppError('ERR_ACCESS_REMOVED', 'removed')),
    );
    world.current[0].cut();
    expect(await session.closed).toMatchObject({ code: 'ERR_ACCESS_REMOVED', retryable: false });
  });

  it('ends at both ends when the grace time is over', async () => {
    const world = await ResumeWorld.create({ graceMs: 100, resumptions: { graceMs: 100 } });
    const session = await world.connect(() =>
      Promise.reject(new AppError('ERR_NO_ROUTER', 'none', { retryable: true })),
    );
    const stream = session.openStream('tcp', new Uint8Array());
    world.current[0].cut();
    const lost = { code: 'ERR_CIRCUIT_LOST', retryable: true };
    expect(await session.closed).toMatchObject(lost);
    expect(await world.host.closed).toMatchObject(lost);
    await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_CIRCUIT_LOST' });
    expect(world.resumptions.suspended).toBe(0);
  });

  it('ends soon when its host is gone, so that another one may be asked', async () => {
    const world = await ResumeWorld.create({ hosts: ['host-1', 'host-2'] });
    const session = await world.connect(() =>
      Promise.reject(new AppError('ERR_SERVICE_NOT_HOSTED', 'gone', { retryable: true })),
    );
    const startMs = performance.now();
    world.current[0].cut();
    expect(await session.closed).toMatchObject({ code: 'ERR_CIRCUIT_LOST' });
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(HOST_RETURN_MS);
  });

  it('waits longer for a host that nobody else can stand in for', async () => {
    const world = await ResumeWorld.create({ hosts: ['host-1'] });
    const startMs = performance.now();
    const session = await world.connect(() => {
      if (performance.now() - startMs > HOST_RETURN_MS + 500) return world.dial();
      const gone = new AppError('ERR_SERVICE_NOT_HOSTED', 'gone', { retryable: true });
      return Promise.reject(gone);
    });
    world.current[0].cut();
    await session.ping();
    session.close();
  });

  it('ends at once when the host has forgotten it', async () => {
    const world = await ResumeWorld.create();
    const session = await world.connect();
    const { Resumptions } = await import('./index.ts');
    world.resumptions = new Resumptions();
    world.current[0].cut();
    expect(await session.closed).toMatchObject({ code: 'ERR_CIRCUIT_LOST', retryable: true });
    expect(world.circuits).toHaveLength(2);
  });

  it('is not resumed after it was ended on purpose', async () => {
    const world = await ResumeWorld.create();
    const session = await world.connect();
    const reason = { code: 'ERR_ACCESS_REMOVED', message: '', retryable: false } as const;
    world.current[0].peerClosed(reason);
    expect(await session.closed).toMatchObject(reason);
    expect(world.circuits).toHaveLength(1);
  });

  it('is moved by the client although the host has not noticed the loss', async () => {
    const world = await ResumeWorld.create();
    const session = await world.connect();
    const lost = { code: 'ERR_EDGE_SILENT', message: '', retryable: true } as const;
    world.current[0].peerClosed(lost);
    await session.ping();
    expect(world.circuits[0]![1].closedWith).toMatchObject({ code: 'ERR_CIRCUIT_MOVED' });
    session.close();
  });

  it('waits in a bounded number; one more is ended', async () => {
    const world = await ResumeWorld.create({ resumptions: { maxSuspended: 1 } });
    const never = (): Promise<never> => new Promise(() => undefined);
    const one = await world.connect(never);
    const two = await world.connect(never);
    for (const [near] of world.circuits) near.cut();
    expect(await world.sessions[1]!.closed).toMatchObject({ code: 'ERR_CIRCUIT_LOST' });
    expect(world.resumptions.suspended).toBe(1);
    one.close();
    two.close();
    world.sessions[0]!.close();
  });
});

describe('who may not resume a session', () => {
  /** A session, and the R1 by which it was resumed once. */
  async function resumed() {
    const world = await ResumeWorld.create();
    const session = await world.connect();
    world.current[0].cut();
    await session.ping();
    const { sent, circuitId } = world.circuits[1]![0];
    return { world, session, r1: sent[0]!, circuitId };
  }

  const refusals = (world: ResumeWorld) =>
    world.refusals.map(({ cause }) => (cause as AppError).code);

  it('a router that replays a request, on whichever circuit: the session stays where it is', async () => {
    const { world, session, r1, circuitId } = await resumed();
    for (const id of [circuitId, 'another']) {
      const replay = await world.dial(undefined, 'wiki', id);
      replay.onMessage = () => expect.unreachable('answered');
      replay.send(r1);
      await vi.waitFor(() => expect(replay.closedWith?.code).toBe('ERR_RESUME_REFUSED'));
    }
    await session.ping();
    expect(world.circuits).toHaveLength(4);
    expect(refusals(world)).toEqual(['ERR_RESUME_REFUSED', 'ERR_RESUME_REFUSED']);
    session.close();
  });

  it.each([
    ['another caller', 'mallory', 'wiki'],
    ['its caller, for another service', 'alice', 'payroll'],
  ])('%s', async (_, callerId, serviceId) => {
    const world = await ResumeWorld.create();
    const session = await world.connect(() => world.dial(callerId, serviceId));
    world.current[0].cut();
    expect(await session.closed).toMatchObject({ code: 'ERR_CIRCUIT_LOST' });
    expect(refusals(world)).toEqual(['ERR_RESUME_REFUSED']);
    expect(world.resumptions.suspended).toBe(1);
    world.host.close();
  });

  it('who knows the id and not the key', async () => {
    const { world, session, r1 } = await resumed();
    const forged = r1.slice();
    forged[18] = 99; // another attempt
    const circuit = await world.dial();
    circuit.send(forged);
    await vi.waitFor(() => expect(circuit.closedWith?.code).toBe('ERR_RESUME_REFUSED'));
    await session.ping();
    session.close();
  });

  it('a host that answers in the name of another gets nothing', async () => {
    const world = await ResumeWorld.create();
    let fakes = 0;
    const session = await world.connect(async () => {
      const circuit = await world.dial();
      if (fakes++ > 0) return circuit;
      // Somebody else takes the circuit and answers with what R2 looks like.
      const [near, far] = world.current;
      far.onMessage = () => far.send(Uint8Array.of(5, ...new Uint8Array(40)));
      return near;
    });
    world.current[0].cut();
    await session.ping();
    expect(fakes).toBe(2);
    session.close();
  });
});

describe('routers that lie about what was consumed', () => {
  it('can break a session, never make it go on with a hole', async () => {
    const world = await ResumeWorld.create({
      circuit: (number) => (number === 0 ? { toB: (message, i) => (i > 4 ? [] : [message]) } : {}),
    });
    const received: Uint8Array[] = [];
    world.onStream = (stream) => {
      void (async () => {
        for (let chunk = await stream.read(); chunk; chunk = await stream.read())
          received.push(chunk);
      })().catch(() => undefined);
    };
    const session = await world.connect();
    const stream = session.openStream('tcp', new Uint8Array());
    void stream.write(body.subarray(0, 250_000)).catch(() => undefined);
    await vi.waitFor(() => expect(world.current[0].sent.length).toBeGreaterThan(6));
    const [near] = world.current;
    near.onConsumed?.(near.sent.length);
    near.cut();
    expect(await session.closed).toMatchObject({ code: 'ERR_CIRCUIT_LOST' });
    const total = received.reduce((sum, chunk) => sum + chunk.length, 0);
    expect(total).toBeLessThan(250_000);
  });
});
