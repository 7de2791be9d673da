import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createDuplexPair } from './duplex-pair.ts';

describe('a pair of streams', () => {
  it('carries both ways, each direction ended on its own', async () => {
    const [one, other] = createDuplexPair();
    one.end('there');
    expect(await text(other.iterator({ destroyOnReturn: false }) as never)).toBe('there');
    const back = text(one);
    other.end('and back');
    expect(await back).toBe('and back');
  });

  it('holds a writer up whose reader does not read', async () => {
    const [one, other] = createDuplexPair();
    let written = 0;
    while (one.write(Buffer.alloc(1024))) written += 1024;
    expect(written).toBeLessThan(1024 * 1024);
    const drained = once(one, 'drain');
    other.resume();
    await drained;
  });

  it('ends with its other side', async () => {
    const [one, other] = createDuplexPair();
    const closed = once(other, 'close');
    one.destroy();
    await closed;
  });
});
