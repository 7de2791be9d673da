/**
 * Judges sessions by the posture checks, at each report, at each change of a check, and as time
 * passes. Routers and connectors hear of what changed by the change log, within the same write.
 */
import { isDeepStrictEqual } from 'node:util';
import { isInNetworks } from '@postern/shared/posture';
import type { ControllerContext } from '../context.ts';
import { latestOnly } from '../control/latest-job.ts';
import type { PostureCheck, TypedPostureCheck } from '../model/posture.ts';
import { repositories } from '../store/repositories.ts';
import type { WriteTx } from '../store/store.ts';
import { evaluateCheck, type Verdict } from './evaluate-check.ts';
import {
  findState,
  orphanedStates,
  removeState,
  statesAfter,
  writeState,
  type PostureState,
} from './posture-states.ts';
import type { Reported } from './reported.ts';

/** A sign-in session or API session, and whose it is. */
export interface PostureSubject {
  readonly sessionId: string;
  readonly identityId: string;
}

export interface Posture {
  /** Adds to what a session reported. Members left out stay as they are; resolves when it counts. */
  report(subject: PostureSubject, news: Reported): Promise<void>;
  /** The check's verdict on a report, `NETWORK` by the address the controller saw. */
  judge(check: PostureCheck, reported: Reported): Verdict;
  close(): void;
}

export interface PostureOptions {
  /** By the operator's table; without one every COUNTRY check fails. */
  countryOf: (address: string) => string | undefined;
}

/** How soon a check that depends on time is noticed. */
const TICK_MS = 500;
const MINUTE_MS = 60_000;
const SWEEP_MS = 10 * MINUTE_MS;
/** Sessions judged in one transaction. */
const CHUNK = 200;

type PostureContext = Pick<ControllerContext, 'store' | 'clock' | 'logger' | 'policy'>;

export function startPosture(ctx: PostureContext, { countryOf }: PostureOptions): Posture {
  const { store, clock, logger, policy } = ctx;
  let closed = false;

  const judge: Posture['judge'] = (check, reported) =>
    check.typeId === 'NETWORK' && 'networks' in check.definition
      ? { passes: isInNetworks(reported.address ?? '', check.definition.networks) }
      : evaluateCheck(check as TypedPostureCheck, reported, { nowMs: clock(), countryOf });

  const passingOf = (checks: readonly PostureCheck[], reported: Reported) =>
    checks
      .filter(({ typeId }) => typeId !== 'NETWORK')
      .map((check) => ({ id: check.id, ...judge(check, reported) }))
      .filter(({ passes }) => passes)
      .map(({ id, untilMs }) => ({ id, ...(untilMs !== undefined && { untilMs }) }));

  const judgeAgain = async (
    tx: WriteTx,
    checks: readonly PostureCheck[],
    states: readonly PostureState[],
  ): Promise<void> => {
    for (const state of states) {
      const passing = passingOf(checks, state.reported);
      if (!isDeepStrictEqual(passing, state.passing))
        await writeState(tx, { ...state, passing }, state);
    }
  };

  const judgeAll = async (): Promise<void> => {
    let after = '';
    for (let isMore = true; isMore && !closed;) {
      isMore = await store.write(async (tx) => {
        const states = await statesAfter(tx.db, after, CHUNK);
        await judgeAgain(tx, await repositories.postureChecks.find(tx.db), states);
        after = states.at(-1)?.sessionId ?? after;
        return states.length === CHUNK;
      });
    }
  };
  const judgeSome = async (sessionIds: readonly string[]): Promise<void> => {
    await store.write(async (tx) => {
      const checks = await repositories.postureChecks.find(tx.db);
      for (const id of sessionIds) {
        const state = await findState(tx.db, id);
        if (state) await judgeAgain(tx, checks, [state]);
      }
    });
  };
  const removeAll = async (sessionIds: readonly string[]): Promise<void> => {
    if (sessionIds.length === 0) return;
    await store.write(async (tx) => {
      for (const id of sessionIds) await removeState(tx, id);
    });
  };

  const failed = (error: unknown): void => logger.error('posture.failed', { error });
  const requestAll = latestOnly<undefined>(judgeAll, failed);
  const unsubscribe = store.changes.subscribe(({ changes }) => {
    if (changes.some(({ kind }) => kind === 'postureCheck')) requestAll(undefined);
    const ended = changes
      .filter(({ op, kind }) => op === 'put' && kind === 'revocation')
      .flatMap((change) => (change.op === 'put' && 'id' in change.value ? change.value.id : []))
      .filter((id) => policy.posture.sessions.has(id));
    removeAll(ended).catch(failed);
  });

  let lastTickMs = clock();
  let lastSweepMs = clock();
  const tick = async (): Promise<void> => {
    const nowMs = clock();
    const sinceMs = lastTickMs;
    lastTickMs = nowMs;
    const due = policy.posture.expired(sinceMs, nowMs);
    if (due.length > 0) await judgeSome(due);
    if (Math.floor(sinceMs / MINUTE_MS) !== Math.floor(nowMs / MINUTE_MS)) {
      // A window of time may have opened.
      const windows = await repositories.postureChecks.find(store.db, { typeId: 'TIME' });
      if (windows.length > 0) await judgeAll();
    }
    if (nowMs - lastSweepMs < SWEEP_MS) return;
    lastSweepMs = nowMs;
    await removeAll(await orphanedStates(store.db));
  };
  const requestTick = latestOnly<undefined>(tick, failed);
  const timer = setInterval(() => requestTick(undefined), TICK_MS);
  timer.unref();

  return {
    judge,
    report: async ({ sessionId, identityId }, news) => {
      const held = await findState(store.db, sessionId);
      if (held && isDeepStrictEqual({ ...held.reported, ...news }, held.reported)) return;
      await store.write(async (tx) => {
        const before = await findState(tx.db, sessionId);
        const reported = { ...before?.reported, ...news };
        const passing = passingOf(await repositories.postureChecks.find(tx.db), reported);
        const updatedAtMs = clock();
        await writeState(tx, { sessionId, identityId, reported, passing, updatedAtMs }, before);
      });
    },
    close: () => {
      closed = true;
      clearInterval(timer);
      unsubscribe();
    },
  };
}
