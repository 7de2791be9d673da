import { AppError } from '../../errors/index.ts';
import { silentLogger } from '../../log/index.ts';
import type { CloseReason, EdgeConnection } from '../edge/index.ts';
import type { SecureSession } from '../session/index.ts';
import type { DialGrantResponse } from '../../schemas/index.ts';
import { describe, expect, it, vi, type Mock } from 'vitest';
import {
  ServiceConnection,
  IDLE_CLOSE_MS,
  RENEW_GRANT_MS,
  UPKEEP_MS,
  type Redial,
} from './service-connection.ts';
import { backoffMs, FIRST_DELAY_MS, MAX_DELAY_MS } from './backoff.ts';
import { MAX_RACERS, raceRouters } from './race.ts';

const grant = (dialGrant: string) =>
  ({
    dialGrant,
    assertion: 'assertion',
    service: { id: 's', name: 'Wiki' },
    identity: { id: 'i', name: 'alice' },
    routers: [{ id: 'r1', name: 'Router 1', edgeUrls: ['ws://one/edge', 'ws://two/edge'] }],
  }) as unknown as DialGrantResponse;

function createWorld() {
  const sessions: {
    end: (reason: CloseReason) => void;
    openStreams: number;
    renew: ReturnType<typeof vi.fn>;
  }[] = [];
  const edges: { close: Mock; updateToken: Mock; dial: Mock; isOpen: boolean }[] = [];
  const redials: Redial[] = [];
  let nowMs = 0;
  let freshMs = 100_000;
  const sleepers: (() => void)[] = [];
  const openEdge = vi.fn<(url: string) => Promise<EdgeConnection>>(() => {
    const edge = {
      routerId: 'r1',
      isOpen: true,
      roundTripMs: 1,
      close: vi.fn(),
      updateToken: vi.fn(),
      traceRoute: () =>
        Promise.resolve([{ kind: 'router', id: 'r1', name: 'Router 1', roundTripMs: 1 }]),
      dial: vi.fn(() => Promise.resolve({})),
    };
    edges.push(edge);
    return Promise.resolve(edge as unknown as EdgeConnection);
  });
  const secure = vi.fn((_circuit: unknown, _grant: unknown, redial: Redial) => {
    redials.push(redial);
    let end: (reason: CloseReason) => void = () => undefined;
    const closed = new Promise<CloseReason>((resolve) => (end = resolve));
    const session = {
      closed,
      openStreams: 0,
      suite: 'suite',
      renew: vi.fn(),
      ping: () => Promise.resolve(2),
      close: () => end({ code: 'OK', message: '', retryable: true }),
      end,
    };
    sessions.push(session);
    return Promise.resolve(session as unknown as SecureSession);
  });
  const grants = {
    current: vi.fn(() => Promise.resolve(grant('grant1'))),
    fetch: vi.fn(() => Promise.resolve(grant('grant2'))),
    forget: vi.fn(() => Promise.resolve()),
    freshMs: () => freshMs,
  };
  const tokens = {
    token: vi.fn(() => Promise.resolve('token1')),
    renew: vi.fn(() => Promise.resolve('token2')),
  };
  const onEnded = vi.fn();
  const connection = new ServiceConnection({
    grants: grants,
    tokens: tokens,
    openEdge,
    secure,
    onEnded,
    logger: silentLogger,
    nowMs: () => nowMs,
    sleep: (delayMs) =>
      delayMs === UPKEEP_MS
        ? new Promise((resolve) => sleepers.push(resolve))
        : Promise.resolve(void (nowMs += delayMs + 1)),
  });
  return {
    connection,
    sessions,
    edges,
    redials,
    openEdge,
    secure,
    grants,
    tokens,
    onEnded,
    setFresh: (ms: number) => (freshMs = ms),
    upkeep: async (afterMs = UPKEEP_MS) => {
      nowMs += afterMs;
      sleepers.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const failure = (code: `ERR_${string}`, retryable: boolean) =>
  new AppError(code, code, { retryable });

describe('ServiceConnection', () => {
  it('connects once for all who ask, and shares the session', async () => {
    const { connection, secure, sessions } = createWorld();
    const [one, two] = await Promise.all([connection.session(), connection.session()]);
    expect(one).toBe(two);
    expect(await connection.session()).toBe(sessions[0]);
    expect(secure).toHaveBeenCalledOnce();
  });

  it('dials the same host again for a session that lost its circuit', async () => {
    const { connection, edges, redials, openEdge } = createWorld();
    await connection.session();
    const { signal } = new AbortController();
    await redials[0]!('host-1', signal);
    expect(edges[0]!.dial).toHaveBeenLastCalledWith('grant1', {
      hostId: 'host-1',
      movable: true,
      signal,
    });
    expect(openEdge).toHaveBeenCalledTimes(2);

    // Through any router, when the connection to the first was lost.
    edges[0]!.isOpen = false;
    await redials[0]!('host-1', signal);
    expect(openEdge).toHaveBeenCalledTimes(4);
    connection.close();
    expect(edges.at(-2)!.close).toHaveBeenCalled();
  });

  it('redials once more with a new grant when the old one is refused', async () => {
    const { connection, edges, redials, grants } = createWorld();
    await connection.session();
    const [edge] = edges;
    edge!.dial.mockRejectedValueOnce(failure('ERR_GRANT_INVALID', true));
    await redials[0]!('host-1', new AbortController().signal);
    expect(grants.forget).toHaveBeenCalledOnce();
    edge!.dial.mockRejectedValue(failure('ERR_ACCESS_REMOVED', false));
    await expect(redials[0]!('host-1', new AbortController().signal)).rejects.toMatchObject({
      code: 'ERR_ACCESS_REMOVED',
    });
  });

  it('leaves a router that does not answer a redial, and opens none for a session that ended', async () => {
    const { connection, edges, redials } = createWorld();
    await connection.session();
    const giveUp = new AbortController();
    edges[0]!.dial.mockImplementation(() => {
      giveUp.abort();
      return Promise.reject(failure('ERR_ABORTED', false));
    });
    await expect(redials[0]!('host-1', giveUp.signal)).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(edges[0]!.close).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'ERR_EDGE_SILENT' }),
    );
    edges[0]!.isOpen = false;
    await expect(redials[0]!('host-1', AbortSignal.abort())).rejects.toThrow();
    expect(edges.at(-2)!.close).toHaveBeenCalled();
  });

  it('connects anew after a loss and tells of it', async () => {
    const { connection, sessions, edges, onEnded } = createWorld();
    await connection.session();
    const reason: CloseReason = { code: 'ERR_CIRCUIT_LOST', message: '', retryable: true };
    sessions[0]!.end(reason);
    await vi.waitFor(() => expect(onEnded).toHaveBeenCalledWith(reason));
    expect(edges[0]!.close).toHaveBeenCalled();
    expect(await connection.session()).toBe(sessions[1]);
  });

  it('tries again while that can help', async () => {
    const { connection, openEdge, sessions } = createWorld();
    openEdge
      .mockRejectedValueOnce(failure('ERR_NO_ROUTER', true))
      .mockRejectedValueOnce(failure('ERR_NO_ROUTER', true));
    expect(await connection.session()).toBe(sessions[0]);
  });

  it('asks which routers there are now when none of those it knew answers', async () => {
    const { connection, grants, openEdge, sessions } = createWorld();
    const moved = { ...grant('grant2') };
    moved.routers = [{ id: 'r2', name: 'Router 2', edgeUrls: ['ws://three/edge'] }];
    grants.fetch.mockResolvedValue(moved);
    openEdge
      .mockRejectedValueOnce(failure('ERR_NO_ROUTER', true))
      .mockRejectedValueOnce(failure('ERR_NO_ROUTER', true));
    expect(await connection.session()).toBe(sessions[0]);
    expect(openEdge.mock.calls.map(([url]) => url)).toEqual([
      'ws://one/edge',
      'ws://two/edge',
      'ws://three/edge',
    ]);
  });

  it('gives up in the end, and at once where trying cannot help', async () => {
    const patient = createWorld();
    patient.secure.mockImplementation(() =>
      Promise.reject(failure('ERR_SERVICE_NOT_HOSTED', true)),
    );
    await expect(patient.connection.session()).rejects.toMatchObject({
      code: 'ERR_SERVICE_NOT_HOSTED',
    });
    expect(patient.secure.mock.calls.length).toBeGreaterThan(2);
    const refused = createWorld();
    refused.secure.mockImplementation(() => Promise.reject(failure('ERR_HANDSHAKE_FAILED', false)));
    await expect(refused.connection.session()).rejects.toMatchObject({
      code: 'ERR_HANDSHAKE_FAILED',
    });
    expect(refused.secure).toHaveBeenCalledOnce();
  });

  it('renews a refused token and grant once', async () => {
    const { connection, openEdge, tokens, grants, sessions } = createWorld();
    openEdge
      .mockRejectedValueOnce(failure('ERR_TOKEN_INVALID', false))
      .mockRejectedValueOnce(failure('ERR_TOKEN_INVALID', false));
    expect(await connection.session()).toBe(sessions[0]);
    expect(tokens.renew).toHaveBeenCalledOnce();
    expect(grants.forget).toHaveBeenCalledOnce();
    const never = createWorld();
    never.openEdge.mockImplementation(() => Promise.reject(failure('ERR_TOKEN_INVALID', false)));
    await expect(never.connection.session()).rejects.toMatchObject({ code: 'ERR_TOKEN_INVALID' });
  });

  it('asks for one new grant when a router refuses a kept one: others may be allowed by now', async () => {
    const { connection, secure, grants, tokens } = createWorld();
    secure.mockRejectedValueOnce(failure('ERR_ACCESS_NO_POLICY', false));
    await connection.session();
    expect(grants.forget).toHaveBeenCalledOnce();
    expect(tokens.renew).not.toHaveBeenCalled();

    const denied = createWorld();
    denied.secure.mockRejectedValue(failure('ERR_ACCESS_NO_POLICY', false));
    await expect(denied.connection.session()).rejects.toMatchObject({
      code: 'ERR_ACCESS_NO_POLICY',
    });
    expect(denied.secure).toHaveBeenCalledTimes(2);
  });

  it('proves its authorisation anew while in use', async () => {
    const { connection, sessions, edges, tokens, setFresh, upkeep } = createWorld();
    await connection.session();
    sessions[0]!.openStreams = 1;
    await upkeep();
    expect(sessions[0]!.renew).not.toHaveBeenCalled();
    setFresh(RENEW_GRANT_MS);
    tokens.token.mockResolvedValue('token2');
    await upkeep();
    expect(sessions[0]!.renew).toHaveBeenCalledExactlyOnceWith('grant2', 'assertion');
    expect(edges.filter((edge) => edge.updateToken.mock.calls.length > 0)).toHaveLength(1);
    await connection.measure();
    expect(connection.openedSessions).toBe(1);
    expect(connection.report()).toMatchObject({
      service: 'Wiki',
      identity: 'alice',
      path: [{ kind: 'router', name: 'Router 1', roundTripMs: 1 }],
      sessionRoundTripMs: 2,
    });
  });

  it('closes when idle, not while streams are open', async () => {
    const { connection, sessions, onEnded, upkeep } = createWorld();
    await connection.session();
    sessions[0]!.openStreams = 1;
    expect(connection.isBusy).toBe(true);
    await upkeep(IDLE_CLOSE_MS + 1);
    expect(onEnded).not.toHaveBeenCalled();
    sessions[0]!.openStreams = 0;
    await upkeep(IDLE_CLOSE_MS + 1);
    expect(onEnded).toHaveBeenCalledWith(expect.objectContaining({ code: 'OK' }));
    await connection.measure();
    expect(connection.report()).toBeUndefined();
  });
});

describe('raceRouters', () => {
  it('keeps the quickest and stops the others', async () => {
    const signals: AbortSignal[] = [];
    const winner = await raceRouters(['slow', 'quick'], (name, signal) => {
      signals.push(signal);
      return name === 'quick' ? Promise.resolve(name) : new Promise<string>(() => undefined);
    });
    expect(winner).toBe('quick');
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });

  it('goes on to the next ones when all of the first fail', async () => {
    const names = Array.from({ length: MAX_RACERS + 1 }, (_, index) => index);
    const winner = await raceRouters(names, (name) =>
      name === MAX_RACERS ? Promise.resolve(name) : Promise.reject(failure('ERR_NO_ROUTER', true)),
    );
    expect(winner).toBe(MAX_RACERS);
  });

  it('reports the refusal rather than the unreachable', async () => {
    const failures = [failure('ERR_NO_ROUTER', true), failure('ERR_TOKEN_INVALID', false)];
    await expect(raceRouters(failures, (error) => Promise.reject(error))).rejects.toBe(failures[1]);
    await expect(raceRouters([1], () => Promise.reject(new Error('x')))).rejects.toMatchObject({
      code: 'ERR_NO_ROUTER',
      retryable: true,
    });
  });
});

describe('backoffMs', () => {
  it('grows up to its limit', () => {
    expect(backoffMs(0, () => 1)).toBe(FIRST_DELAY_MS);
    expect(backoffMs(1, () => 0.5)).toBe(FIRST_DELAY_MS);
    expect(backoffMs(50, () => 1)).toBe(MAX_DELAY_MS);
  });
});
