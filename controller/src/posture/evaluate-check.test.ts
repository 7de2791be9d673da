import { describe, expect, it } from 'vitest';
import type { PostureDefinitions, PostureTypeId, TypedPostureCheck } from '../model/posture.ts';
import { evaluateCheck, MFA_GRACE_MS } from './evaluate-check.ts';
import type { Reported } from './reported.ts';

const check = <T extends PostureTypeId>(typeId: T, definition: PostureDefinitions[T]) =>
  ({ id: 'c', name: 'c', typeId, definition }) as TypedPostureCheck;
const countryOf = (address: string) => (address === '192.0.2.1' ? 'DE' : undefined);
const judge = (one: TypedPostureCheck, reported: Reported, nowMs = 1_000_000) =>
  evaluateCheck(one, reported, { nowMs, countryOf });

const windows = { type: 'windows', version: '10.0.19045.3803', build: '' };
const agent = { path: '/agent', isRunning: true, hash: 'AB', signerFingerprints: ['ff'] };
const process = (more: object = {}) => ({
  osType: 'Linux',
  path: '/agent',
  hashes: [],
  signerFingerprints: [],
  ...more,
});

describe('a check', () => {
  it.each<[string, TypedPostureCheck, Reported, boolean]>([
    [
      'OS, any version',
      check('OS', { operatingSystems: [{ type: 'Windows', versions: [] }] }),
      { os: windows },
      true,
    ],
    [
      'OS in a range',
      check('OS', {
        operatingSystems: [{ type: 'Windows', versions: ['<9.0.0', '>=10.0.0 <11.0.0'] }],
      }),
      { os: windows },
      true,
    ],
    [
      'OS out of range',
      check('OS', { operatingSystems: [{ type: 'Windows', versions: ['>=11.0.0'] }] }),
      { os: windows },
      false,
    ],
    [
      'OS, the last of one type counts',
      check('OS', {
        operatingSystems: [
          { type: 'Windows', versions: [] },
          { type: 'Windows', versions: ['>99.0.0'] },
        ],
      }),
      { os: windows },
      false,
    ],
    [
      'OS of another type',
      check('OS', { operatingSystems: [{ type: 'Linux', versions: [] }] }),
      { os: windows },
      false,
    ],
    [
      'OS with a version that is none',
      check('OS', { operatingSystems: [{ type: 'Windows', versions: ['>=1.0.0'] }] }),
      { os: { ...windows, version: 'x' } },
      false,
    ],
    [
      'OS, not reported',
      check('OS', { operatingSystems: [{ type: 'Windows', versions: [] }] }),
      {},
      false,
    ],
    ['DOMAIN ignoring case', check('DOMAIN', { domains: ['CORP'] }), { domain: 'corp' }, true],
    ['DOMAIN, not reported', check('DOMAIN', { domains: ['CORP'] }), {}, false],
    [
      'MAC whatever its spelling',
      check('MAC', { macAddresses: ['001a2b3c4d5e'] }),
      { macAddresses: ['x', '00-1A-2B-3C-4D-5E'] },
      true,
    ],
    [
      'another MAC',
      check('MAC', { macAddresses: ['001a2b3c4d5e'] }),
      { macAddresses: ['00:00:00:00:00:00'] },
      false,
    ],
    ['PROCESS that runs', check('PROCESS', { process: process() }), { processes: [agent] }, true],
    [
      'PROCESS that does not run',
      check('PROCESS', { process: process() }),
      { processes: [{ ...agent, isRunning: false }] },
      false,
    ],
    [
      'PROCESS of another path',
      check('PROCESS', { process: process() }),
      { processes: [{ ...agent, path: '/other' }] },
      false,
    ],
    [
      'PROCESS by one of its hashes',
      check('PROCESS', { process: process({ hashes: ['00', 'ab'] }) }),
      { processes: [agent] },
      true,
    ],
    [
      'PROCESS of another hash',
      check('PROCESS', { process: process({ hashes: ['00'] }) }),
      { processes: [agent] },
      false,
    ],
    [
      'PROCESS by its signer',
      check('PROCESS', { process: process({ signerFingerprints: ['FF'] }) }),
      { processes: [agent] },
      true,
    ],
    [
      'PROCESS of another signer',
      check('PROCESS', { process: process({ signerFingerprints: ['ee'] }) }),
      { processes: [agent] },
      false,
    ],
    [
      'PROCESS_MULTI, all',
      check('PROCESS_MULTI', {
        semantic: 'AllOf',
        processes: [process(), process({ path: '/b' })],
      }),
      { processes: [agent] },
      false,
    ],
    [
      'PROCESS_MULTI, any',
      check('PROCESS_MULTI', {
        semantic: 'AnyOf',
        processes: [process(), process({ path: '/b' })],
      }),
      { processes: [agent] },
      true,
    ],
    [
      'BROWSER new enough',
      check('BROWSER', { browsers: [{ name: 'Firefox', minMajorVersion: 128 }] }),
      { browser: { name: 'firefox', majorVersion: 128 } },
      true,
    ],
    [
      'BROWSER too old',
      check('BROWSER', { browsers: [{ name: 'firefox', minMajorVersion: 129 }] }),
      { browser: { name: 'firefox', majorVersion: 128 } },
      false,
    ],
    [
      'PLATFORM of any version',
      check('PLATFORM', { platforms: [{ name: 'macOS', minVersion: '' }] }),
      { platform: { name: 'macos', version: '' } },
      true,
    ],
    [
      'PLATFORM compared as versions',
      check('PLATFORM', { platforms: [{ name: 'macOS', minVersion: '9' }] }),
      { platform: { name: 'macOS', version: '10.15' } },
      true,
    ],
    [
      'PLATFORM without the version asked for',
      check('PLATFORM', { platforms: [{ name: 'macOS', minVersion: '9' }] }),
      { platform: { name: 'macOS', version: '' } },
      false,
    ],
    [
      'COUNTRY by the table',
      check('COUNTRY', { countries: ['FR', 'DE'] }),
      { address: '192.0.2.1' },
      true,
    ],
    [
      'COUNTRY of an address that is not in the table',
      check('COUNTRY', { countries: ['DE'] }),
      { address: '192.0.2.2' },
      false,
    ],
    ['COUNTRY without an address', check('COUNTRY', { countries: ['DE'] }), {}, false],
    [
      'NETWORK, which routers decide',
      check('NETWORK', { networks: ['0.0.0.0/0'] }),
      { address: '192.0.2.1' },
      false,
    ],
  ])('%s', (_name, one, reported, passes) => {
    expect(judge(one, reported)).toEqual({ passes });
  });
});

describe('MFA', () => {
  const mfa = (more: Partial<PostureDefinitions['MFA']> = {}) =>
    check('MFA', {
      timeoutSeconds: -1,
      promptOnWake: false,
      promptOnUnlock: false,
      ignoreLegacyEndpoints: false,
      ...more,
    });
  const at = 500_000;

  it.each<[string, TypedPostureCheck, Reported, number, object]>([
    ['never passed', mfa(), {}, at, { passes: false }],
    ['passed, without a timeout', mfa(), { mfaPassedAtMs: 1 }, at, { passes: true }],
    [
      'within its timeout',
      mfa({ timeoutSeconds: 60 }),
      { mfaPassedAtMs: at - 59_999 },
      at,
      { passes: true, untilMs: at + 1 },
    ],
    [
      'at its timeout',
      mfa({ timeoutSeconds: 60 }),
      { mfaPassedAtMs: at - 60_000 },
      at,
      { passes: false },
    ],
    [
      'woken since, in the time of grace',
      mfa({ promptOnWake: true }),
      { mfaPassedAtMs: 1, wokenAtMs: at },
      at,
      { passes: true, untilMs: at + MFA_GRACE_MS },
    ],
    [
      'woken since, after the time of grace',
      mfa({ promptOnWake: true }),
      { mfaPassedAtMs: 1, wokenAtMs: 2 },
      at,
      { passes: false },
    ],
    [
      'woken since, where that does not matter',
      mfa({ promptOnUnlock: true }),
      { mfaPassedAtMs: 1, wokenAtMs: 2 },
      at,
      { passes: true },
    ],
    [
      'unlocked since',
      mfa({ promptOnUnlock: true }),
      { mfaPassedAtMs: 1, unlockedAtMs: 2 },
      at,
      { passes: false },
    ],
    [
      'passed again after waking',
      mfa({ promptOnWake: true }),
      { mfaPassedAtMs: 3, wokenAtMs: 2 },
      at,
      { passes: true },
    ],
  ])('%s', (_name, one, reported, nowMs, verdict) => {
    expect(judge(one, reported, nowMs)).toEqual(verdict);
  });
});

describe('TIME', () => {
  const berlin = check('TIME', {
    timeZone: 'Europe/Berlin',
    windows: [
      { days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' },
      { days: [6], from: '22:00', to: '24:00' },
    ],
  });

  it.each([
    // Monday in January: Berlin is an hour ahead of UTC.
    ['2026-01-05T06:59:59Z', undefined],
    ['2026-01-05T07:00:30Z', '2026-01-05T17:00:00Z'],
    ['2026-01-05T16:59:59Z', '2026-01-05T17:00:00Z'],
    ['2026-01-05T17:00:00Z', undefined],
    // Monday in July: two hours.
    ['2026-07-06T06:00:00Z', '2026-07-06T16:00:00Z'],
    ['2026-01-10T22:30:00Z', '2026-01-10T23:00:00Z'],
    ['2026-01-11T10:00:00Z', undefined],
  ])('at %s passes until %s', (now, until) => {
    expect(judge(berlin, {}, Date.parse(now))).toEqual(
      until === undefined ? { passes: false } : { passes: true, untilMs: Date.parse(until) },
    );
  });
});
