import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { silentLogger } from '@postern/shared/log';
import { describe, expect, it } from 'vitest';
import { hostedServiceSchema } from '../config.ts';
import { HealthChecks } from './health-checks.ts';

describe('HealthChecks', () => {
  it('change the standing as the app comes and goes, and tell events', async () => {
    const app = createServer().listen(0, '127.0.0.1');
    await once(app, 'listening');
    const { port } = app.address() as AddressInfo;
    const events: boolean[] = [];
    let told = 0;
    /** Lets the next probe begin. */
    let goOn = (): void => undefined;
    let waits = 0;
    const waiting = async (count: number) => expect.poll(() => waits).toBe(count);
    const config = hostedServiceSchema.parse({
      service: 'wiki',
      target: `tcp://127.0.0.1:${port}`,
      listen: { cost: 5 },
      portChecks: [
        {
          address: `127.0.0.1:${port}`,
          interval: '1h',
          timeout: '5s',
          actions: [
            { trigger: 'change', action: 'send event' },
            { trigger: 'fail', consecutiveEvents: 2, action: 'mark unhealthy' },
            { trigger: 'fail', action: 'increase cost 10' },
            { trigger: 'pass', action: 'decrease cost 10' },
            { trigger: 'pass', action: 'mark healthy' },
          ],
        },
      ],
    });
    const checks = new HealthChecks(config, {
      onChange: () => (told += 1),
      onEvent: (isHealthy) => events.push(isHealthy),
      logger: silentLogger,
      nowMs: () => 0,
      wait: (_, signal) => {
        waits += 1;
        return new Promise((resolve, reject) => {
          goOn = () => resolve(undefined);
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        });
      },
    });
    checks.start();
    await waiting(1);
    expect([checks.standing, told, events]).toEqual([{ cost: 5, precedence: 'default' }, 0, []]);
    app.close();
    await once(app, 'close');
    goOn();
    await waiting(2);
    expect([checks.standing, told, events]).toEqual([
      { cost: 15, precedence: 'default' },
      1,
      [false],
    ]);
    goOn();
    await waiting(3);
    expect([checks.standing, told]).toEqual([{ cost: 25, precedence: 'failed' }, 2]);
    app.listen(port, '127.0.0.1');
    await once(app, 'listening');
    goOn();
    await waiting(4);
    expect([checks.standing, told, events]).toEqual([
      { cost: 15, precedence: 'default' },
      3,
      [false, true],
    ]);
    await checks.close();
    app.close();
  });
});
