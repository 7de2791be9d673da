/** Runs the checks of one service for as long as the connector lives. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@postern/shared/log';
import type { HostedServiceConfig } from '../config.ts';
import type { HealthAction } from './check-config.ts';
import { CheckState } from './check-state.ts';
import { httpProbe, portProbe, type Probe } from './probes.ts';
import { ServiceHealth, type Standing } from './service-health.ts';

export interface HealthChecksDeps {
  /** The standing is another one now. */
  onChange: () => void;
  /** An action `send event`; `isHealthy` is what the check found last. */
  onEvent: (isHealthy: boolean) => void;
  logger: Logger;
  /** Waits between probes. Default: timers. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  nowMs?: () => number;
}

interface Check {
  readonly name: string;
  readonly probe: Probe;
  readonly interval: number;
  readonly timeout: number;
  readonly actions: readonly HealthAction[];
}

export class HealthChecks {
  readonly #deps: HealthChecksDeps;
  readonly #health: ServiceHealth;
  readonly #checks: readonly Check[];
  readonly #stop = new AbortController();
  #done: Promise<unknown> = Promise.resolve();

  /** @throws a system error when a CA file cannot be read */
  constructor(config: HostedServiceConfig, deps: HealthChecksDeps) {
    this.#deps = deps;
    const { cost, precedence } = config.listen;
    this.#health = new ServiceHealth({ cost, precedence });
    this.#checks = checksOf(config);
  }

  /** Once. */
  start(): void {
    // Each check waits on it.
    setMaxListeners(0, this.#stop.signal);
    this.#done = Promise.all(this.#checks.map((check, number) => this.#run(check, number)));
  }

  get standing(): Standing {
    return this.#health.standing;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run({ name, probe, interval, timeout, actions }: Check, number: number): Promise<void> {
    const { wait = waitMs, nowMs = () => performance.now(), logger } = this.#deps;
    const { signal } = this.#stop;
    const state = new CheckState(actions, nowMs());
    while (!signal.aborted) {
      const failure = await outcome(probe, AbortSignal.any([signal, AbortSignal.timeout(timeout)]));
      if (isAborted(signal)) return;
      const wasPassing = state.isPassing;
      const effects = state.observe(failure === undefined, nowMs());
      if (wasPassing !== state.isPassing)
        logger.warn('health.changed', { check: name, isPassing: state.isPassing, error: failure });
      let isChanged = false;
      for (const effect of effects) {
        if (effect.kind === 'sendEvent') this.#deps.onEvent(state.isPassing);
        else isChanged = this.#health.apply(number, effect) || isChanged;
      }
      if (isChanged) this.#deps.onChange();
      await wait(interval, signal).catch(() => undefined);
    }
  }
}

function checksOf({ portChecks, httpChecks, tls }: HostedServiceConfig): Check[] {
  return [
    ...portChecks.map((check) => ({ name: check.address, probe: portProbe(check), ...check })),
    ...httpChecks.map((check) => ({ name: check.url, probe: httpProbe(check, tls), ...check })),
  ];
}

/** What was wrong; `undefined` when nothing was. */
async function outcome(probe: Probe, signal: AbortSignal): Promise<unknown> {
  try {
    await probe(signal);
    return undefined;
  } catch (error) {
    return error ?? new Error('unknown');
  }
}

const waitMs = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal, ref: false });

/** Asked anew: the signal may have aborted during an await, which the compiler cannot know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
