import { silentLogger } from '@postern/shared/log';
import type { SessionStream } from '@postern/shared/protocol/session';
import { describe, expect, it } from 'vitest';
import type { Backend } from '../backend.ts';
import { hostedServiceSchema, type HostedServiceConfig } from '../config.ts';
import type { Caller } from '../sessions/session-host.ts';
import { HostedServices } from './hosted-services.ts';

const config = (service: string, more: object = {}): HostedServiceConfig =>
  hostedServiceSchema.parse({ service, target: 'http://127.0.0.1:1', ...more });
const stream = {} as SessionStream;
const caller = {} as Caller;

/** Backends that serve until told to stop, and note when they are let go of. */
function setUp() {
  const closed: string[] = [];
  const serving: (() => void)[] = [];
  const nameOf = ({ service, listen }: HostedServiceConfig) => `${service} ${listen.cost}`;
  const services = new HostedServices({
    createBackend: (of): Backend => {
      if (of.maxMessageBytes === 1024) throw new Error('cannot be hosted');
      return {
        config: of,
        serve: () => new Promise<void>((resolve) => serving.push(resolve)),
        connections: undefined,
        revoke: () => undefined,
        close: () => {
          closed.push(nameOf(of));
          return Promise.resolve();
        },
      };
    },
    onChange: () => undefined,
    onHealth: () => undefined,
    logger: silentLogger,
  });
  return { services, closed, serving };
}

describe('HostedServices', () => {
  it('leaves alone what stays the same', async () => {
    const { services, closed } = setUp();
    await services.update([config('wiki'), config('mail')]);
    const wiki = services.get('wiki');
    await services.update([config('wiki'), config('mail', { listen: { cost: 3 } })]);
    expect(services.get('wiki')).toBe(wiki);
    expect(services.get('mail')?.offer).toMatchObject({ cost: 3 });
    await expect.poll(() => closed).toEqual(['mail 0']);
  });

  it('lets streams of a changed service end before it lets go of the app', async () => {
    const { services, closed, serving } = setUp();
    await services.update([config('wiki')]);
    const open = services.get('wiki')?.serve(stream, caller, undefined);
    await services.update([config('wiki', { listen: { cost: 9 } })]);
    expect(services.get('wiki')?.offer).toMatchObject({ cost: 9 });
    expect(services.backends).toHaveLength(2);
    expect(closed).toEqual([]);
    serving[0]?.();
    await open;
    await expect.poll(() => closed).toEqual(['wiki 0']);
    expect(services.backends).toHaveLength(1);
  });

  it('changes nothing when one of them cannot be hosted', async () => {
    const { services, closed } = setUp();
    await services.update([config('wiki')]);
    const wiki = services.get('wiki');
    const bad = config('mail', { maxMessageBytes: 1024 });
    await expect(services.update([config('new'), config('wiki'), bad])).rejects.toThrow('cannot');
    expect([...services.all]).toEqual([['wiki', wiki]]);
    expect(closed).toEqual(['new 0']);
  });

  it('lets go of all at the end', async () => {
    const { services, closed } = setUp();
    await services.update([config('wiki'), config('mail')]);
    void services.get('wiki')?.serve(stream, caller, undefined);
    await services.update([config('mail')]);
    await services.close();
    expect(closed.sort()).toEqual(['mail 0', 'wiki 0']);
    expect([...services.all]).toEqual([]);
  });
});
