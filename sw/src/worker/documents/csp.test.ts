import { describe, expect, it } from 'vitest';
import { allowsBlobWorker, extendPolicy } from './csp.ts';

const needs = {
  scriptHash: "'sha256-runtime='",
  scriptUrl: 'https://wiki.example/.postern/worker-runtime.js',
  connectUrl: 'https://wiki.example/.postern/',
  workerUrl: 'https://wiki.example/postern-sw.js',
};
const ours = `${needs.connectUrl} ${needs.workerUrl}`;
const extend = (policy: string) => extendPolicy(policy, needs);

describe('extendPolicy', () => {
  it.each([
    ['a policy without script rules', "img-src 'self'"],
    ['an effective unsafe-inline', "script-src 'self' 'unsafe-inline'; connect-src *"],
    ['an effective unsafe-inline by default-src', "default-src 'self' 'UNSAFE-INLINE'"],
    ['the hash being there', `script-src ${needs.scriptHash}`],
    ['an empty value', ''],
  ])('leaves %s untouched', (_, policy) => {
    expect(extend(policy)).toBe(policy);
  });

  it.each([
    ["script-src 'self'", `script-src 'self' ${needs.scriptHash}`],
    ["script-src 'none'", `script-src ${needs.scriptHash}`],
    [
      "script-src 'nonce-abc' 'unsafe-inline' 'strict-dynamic'",
      `script-src 'nonce-abc' 'unsafe-inline' 'strict-dynamic' ${needs.scriptHash}`,
    ],
    [
      "script-src 'unsafe-inline'; script-src-elem 'self'",
      `script-src 'unsafe-inline'; script-src-elem 'self' ${needs.scriptHash}`,
    ],
    [
      "default-src 'self'; script-src-attr 'none'",
      `default-src 'self'; script-src-attr 'none'; script-src-elem 'self' ${needs.scriptHash}`,
    ],
    [
      "default-src 'none'",
      `default-src 'none'; script-src-elem ${needs.scriptHash}; connect-src ${ours}`,
    ],
    [
      'img-src https://wiki.example/images/ https://cdn.example',
      `img-src https://wiki.example/images/ https://cdn.example ${needs.workerUrl}`,
    ],
    ['connect-src https://api.example', `connect-src https://api.example ${ours}`],
  ])('widens %s', (policy, expected) => {
    expect(extend(policy)).toBe(expected);
  });

  it('treats each policy of a list on its own', () => {
    expect(extend("script-src 'self', script-src 'unsafe-inline'")).toBe(
      `script-src 'self' ${needs.scriptHash}, script-src 'unsafe-inline'`,
    );
  });

  it('heeds only the first of a repeated directive', () => {
    expect(extend("script-src 'self'; script-src 'unsafe-inline'")).toBe(
      `script-src 'self' ${needs.scriptHash}`,
    );
  });

  it('is idempotent', () => {
    const once = extend("default-src 'none'; script-src 'self'");
    expect(extend(once)).toBe(once);
  });
});

describe('allowsBlobWorker', () => {
  it.each([
    [[], true],
    [["img-src 'self'"], true],
    [["worker-src 'self'"], false],
    [["worker-src blob:; script-src 'none'"], true],
    [["script-src 'self'"], false],
    [["default-src 'self' blob:", "worker-src 'none'"], false],
    [["default-src 'self' blob:, worker-src 'none'"], false],
    [["require-trusted-types-for 'script'"], false],
  ])('%j → %s', (values, expected) => {
    expect(allowsBlobWorker(values)).toBe(expected);
  });
});
