import { describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../storage/store.ts';
import { ClientHints, type HintingNavigator } from './client-hints.ts';

const navigator: HintingNavigator = {
  userAgentData: {
    brands: [
      { brand: 'Not "A" Brand', version: '8' },
      { brand: 'Chromium', version: '156' },
    ],
    mobile: false,
    platform: 'Linux',
    getHighEntropyValues: vi.fn((names: string[]) =>
      Promise.resolve(
        Object.fromEntries(
          Object.entries({
            architecture: 'x86',
            wow64: false,
            formFactors: ['Desktop', 'XR'],
            fullVersionList: [{ brand: 'Chromium', version: '156.0.1' }],
          }).filter(([name]) => names.includes(name)),
        ),
      ),
    ),
  },
  deviceMemory: 8,
};
const low = [
  ['sec-ch-ua', '"Not \\"A\\" Brand";v="8", "Chromium";v="156"'],
  ['sec-ch-ua-mobile', '?0'],
  ['sec-ch-ua-platform', '"Linux"'],
];

describe('client hints', () => {
  it('are none where the browser has none', async () => {
    const hints = new ClientHints({ store: createMemoryStore(), navigator: {} });
    await hints.learn([['accept-ch', 'Sec-CH-UA-Arch']]);
    expect(await hints.fields()).toEqual([]);
  });

  it('are those of low entropy, unless more is asked for', async () => {
    const store = createMemoryStore();
    const hints = new ClientHints({ store, navigator });
    expect(await hints.fields()).toEqual(low);
    await hints.learn([
      [
        'accept-ch',
        'Sec-CH-UA-Arch, Sec-CH-UA-WoW64, Sec-CH-UA-Form-Factors, Sec-CH-UA-Full-Version-List, Device-Memory, Sec-CH-Viewport-Width',
      ],
    ]);
    const asked = [
      ['sec-ch-ua-arch', '"x86"'],
      ['sec-ch-ua-wow64', '?0'],
      ['sec-ch-ua-form-factors', '"Desktop", "XR"'],
      ['sec-ch-ua-full-version-list', '"Chromium";v="156.0.1"'],
      ['device-memory', '8'],
    ];
    expect(await hints.fields()).toEqual([...low, ...asked]);
    // Also in the worker's next life.
    expect(await new ClientHints({ store, navigator }).fields()).toEqual([...low, ...asked]);
    await hints.learn([]);
    expect(await hints.fields()).toEqual(low);
  });

  it('are none of what was stored by somebody else in another shape', async () => {
    const store = createMemoryStore();
    await store.put('clientHints', { evil: true });
    expect(await new ClientHints({ store, navigator }).fields()).toEqual(low);
  });
});
