import { expect, it } from 'vitest';
import { missingFeatures } from './features.ts';

const capable = {
  isSecureContext: true,
  navigator: { serviceWorker: {} },
  crypto: { subtle: {} },
  ReadableStream: 1,
  TransformStream: 1,
  MessageChannel: 1,
  WebSocket: 1,
  WebAssembly: 1,
  indexedDB: 1,
  structuredClone: 1,
};

it('finds nothing missing in a capable browser', () => {
  expect(missingFeatures(capable)).toEqual([]);
});

it('names what is missing', () => {
  const { TransformStream: _, ...old } = capable;
  expect(missingFeatures(old)).toEqual(['TransformStream']);
  expect(missingFeatures({ ...capable, navigator: {} })).toEqual(['service workers']);
  expect(missingFeatures({ ...capable, isSecureContext: false, crypto: {} })).toEqual([
    'secure context',
    'Web Crypto',
  ]);
});
