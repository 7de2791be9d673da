/** The services that are hosted now, each with its app and its checks; they come, change and go at run time. */
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@postern/shared/log';
import type { SessionStream } from '@postern/shared/protocol/session';
import type { Backend } from '../backend.ts';
import type { HostedServiceConfig } from '../config.ts';
import { readInstance } from '../edge/read-instance.ts';
import type { Offer } from '../edge/service-binding.ts';
import { HealthChecks } from '../health/health-checks.ts';
import type { Caller } from '../sessions/session-host.ts';

interface HostedServicesOptions {
  /** @throws what a configuration cannot be hosted for, such as a CA file that is missing */
  createBackend(config: HostedServiceConfig): Backend;
  /** What a check changed: how routers should choose us for the service. */
  onChange(): void;
  /** A check says how the app of a service is. */
  onHealth(service: string, isHealthy: boolean): void;
  logger: Logger;
}

/** One service as it is hosted. */
export class HostedService {
  readonly backend: Backend;
  readonly #checks: HealthChecks;
  readonly #instance: Pick<Offer, 'instanceId' | 'instanceSecret'>;
  #serving = 0;
  #onIdle: (() => void) | undefined;

  constructor(
    backend: Backend,
    checks: HealthChecks,
    instance: Pick<Offer, 'instanceId' | 'instanceSecret'>,
  ) {
    this.backend = backend;
    this.#checks = checks;
    this.#instance = instance;
  }

  get config(): HostedServiceConfig {
    return this.backend.config;
  }

  /** What routers are told besides the grant. */
  get offer(): Omit<Offer, 'bindGrant'> {
    return { ...this.#instance, ...this.#checks.standing };
  }

  start(): void {
    this.#checks.start();
  }

  async serve(stream: SessionStream, caller: Caller, origin: string | undefined): Promise<void> {
    this.#serving += 1;
    try {
      await this.backend.serve(stream, caller, origin);
    } finally {
      this.#serving -= 1;
      if (this.#serving === 0) this.#onIdle?.();
    }
  }

  /** Takes no new streams from its owner; lets go of the app once those that are open have ended. */
  async retire(): Promise<void> {
    await this.#checks.close();
    if (this.#serving > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await this.backend.close();
  }

  /** Lets go of the app now. */
  async close(): Promise<void> {
    await this.#checks.close();
    await this.backend.close();
  }
}

export class HostedServices {
  readonly #options: HostedServicesOptions;
  readonly #retiring = new Set<HostedService>();
  #services = new Map<string, HostedService>();

  constructor(options: HostedServicesOptions) {
    this.#options = options;
  }

  get(name: string): HostedService | undefined {
    return this.#services.get(name);
  }

  get all(): Iterable<readonly [name: string, service: HostedService]> {
    return this.#services;
  }

  /** Those hosted, and those that only finish what they began. */
  get backends(): Backend[] {
    return [...this.#services.values(), ...this.#retiring].map(({ backend }) => backend);
  }

  /**
   * Hosts exactly these. What stays the same is not touched; of what changed or went, open streams go on with
   * the configuration they began with. All or nothing: nothing has changed when it throws.
   * @throws AppError `ERR_CONNECTOR_INSTANCE_SECRET`, or what `createBackend` throws
   */
  async update(configs: readonly HostedServiceConfig[]): Promise<void> {
    const next = new Map<string, HostedService>();
    const made: HostedService[] = [];
    try {
      for (const config of configs) {
        const current = this.#services.get(config.service);
        const isSame = current !== undefined && isDeepStrictEqual(current.config, config);
        const service = isSame ? current : await this.#create(config);
        if (!isSame) made.push(service);
        next.set(config.service, service);
      }
    } catch (error) {
      await Promise.all(made.map((service) => service.close()));
      throw error;
    }
    const kept = new Set(next.values());
    const gone = [...this.#services.values()].filter((service) => !kept.has(service));
    this.#services = next;
    for (const service of made) service.start();
    for (const service of gone) this.#retire(service);
  }

  async close(): Promise<void> {
    const all = [...this.#services.values(), ...this.#retiring];
    this.#services = new Map();
    await Promise.all(all.map((service) => service.close()));
  }

  async #create(config: HostedServiceConfig): Promise<HostedService> {
    const instance = await readInstance(config.listen);
    const checks = new HealthChecks(config, {
      onChange: () => this.#options.onChange(),
      onEvent: (isHealthy) => this.#options.onHealth(config.service, isHealthy),
      logger: this.#options.logger.child({ service: config.service }),
    });
    return new HostedService(this.#options.createBackend(config), checks, instance);
  }

  #retire(service: HostedService): void {
    this.#retiring.add(service);
    void service.retire().finally(() => this.#retiring.delete(service));
  }
}
