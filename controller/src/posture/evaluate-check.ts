/** Whether one posture check passes by what a session reported. What is not known does not pass. */
import { coerce, satisfies } from 'semver';
import type { PostureDefinitions, ProcessRule, TypedPostureCheck } from '../model/posture.ts';
import type { Reported } from './reported.ts';

/** After waking or unlocking, a session has this long to pass a fresh code. */
export const MFA_GRACE_MS = 5 * 60_000;

export interface Circumstances {
  readonly nowMs: number;
  /** ISO 3166-1 code of an address, by the operator's table; `undefined` when it is not in there. */
  readonly countryOf: (address: string) => string | undefined;
}

export interface Verdict {
  readonly passes: boolean;
  /** When it stops passing by itself, ms since 1970. */
  readonly untilMs?: number;
}

const FAILS: Verdict = { passes: false };

export function evaluateCheck(
  check: TypedPostureCheck,
  reported: Reported,
  { nowMs, countryOf }: Circumstances,
): Verdict {
  switch (check.typeId) {
    case 'OS':
      return { passes: osPasses(check.definition, reported) };
    case 'DOMAIN':
      return {
        passes: check.definition.domains.some((domain) => isSame(domain, reported.domain ?? '')),
      };
    case 'MAC': {
      const own = new Set(reported.macAddresses?.map(normalMac));
      return { passes: check.definition.macAddresses.some((address) => own.has(address)) };
    }
    case 'PROCESS':
      return { passes: processPasses(check.definition.process, reported) };
    case 'PROCESS_MULTI': {
      const { semantic, processes } = check.definition;
      const passes = (rule: ProcessRule): boolean => processPasses(rule, reported);
      return { passes: semantic === 'AllOf' ? processes.every(passes) : processes.some(passes) };
    }
    case 'MFA':
      return evaluateMfa(check.definition, reported, nowMs);
    case 'BROWSER': {
      const { browser } = reported;
      return {
        passes:
          browser !== undefined &&
          check.definition.browsers.some(
            ({ name, minMajorVersion }) =>
              isSame(name, browser.name) && browser.majorVersion >= minMajorVersion,
          ),
      };
    }
    case 'PLATFORM': {
      const { platform } = reported;
      return {
        passes:
          platform !== undefined &&
          check.definition.platforms.some(
            ({ name, minVersion }) =>
              isSame(name, platform.name) &&
              (minVersion === '' || isAtLeast(platform.version, minVersion)),
          ),
      };
    }
    case 'COUNTRY': {
      const country = reported.address === undefined ? undefined : countryOf(reported.address);
      return { passes: country !== undefined && check.definition.countries.includes(country) };
    }
    case 'TIME':
      return evaluateTime(check.definition, nowMs);
    case 'NETWORK':
      // Decided by who sees the client's address: the routers, by the ranges they hold.
      return FAILS;
  }
}

/** Of several entries for one type the last counts; no versions: any version. */
function osPasses({ operatingSystems }: PostureDefinitions['OS'], { os }: Reported): boolean {
  if (os === undefined) return false;
  const rule = operatingSystems.filter(({ type }) => isSame(type, os.type)).at(-1);
  if (rule === undefined) return false;
  if (rule.versions.length === 0) return true;
  const version = coerce(os.version);
  return version !== null && rule.versions.some((range) => satisfies(version, range));
}

function processPasses(rule: ProcessRule, { processes }: Reported): boolean {
  const found = processes?.find(({ path }) => path === rule.path);
  if (found?.isRunning !== true) return false;
  const signers = rule.signerFingerprints.filter((signer) => signer !== '');
  const isSigned =
    signers.length === 0 ||
    signers.some((signer) => found.signerFingerprints.some((other) => isSame(signer, other)));
  const isHashed = rule.hashes.length === 0 || rule.hashes.some((hash) => isSame(hash, found.hash));
  return isSigned && isHashed;
}

/** When a code was passed, and when it must be renewed; for the check and for posture queries. */
export function mfaDueMs(
  { timeoutSeconds, promptOnWake, promptOnUnlock }: PostureDefinitions['MFA'],
  { mfaPassedAtMs, wokenAtMs, unlockedAtMs }: Reported,
): number | undefined {
  if (mfaPassedAtMs === undefined) return undefined;
  const events = [promptOnWake ? wokenAtMs : undefined, promptOnUnlock ? unlockedAtMs : undefined];
  const unanswered = events.filter((atMs) => atMs !== undefined).filter((at) => at > mfaPassedAtMs);
  return Math.min(
    timeoutSeconds < 0 ? Infinity : mfaPassedAtMs + timeoutSeconds * 1000,
    ...unanswered.map((atMs) => atMs + MFA_GRACE_MS),
  );
}

function evaluateMfa(
  definition: PostureDefinitions['MFA'],
  reported: Reported,
  nowMs: number,
): Verdict {
  const dueMs = mfaDueMs(definition, reported);
  if (dueMs === undefined || dueMs <= nowMs) return FAILS;
  return dueMs === Infinity ? { passes: true } : { passes: true, untilMs: dueMs };
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MINUTE_MS = 60_000;

function evaluateTime({ timeZone, windows }: PostureDefinitions['TIME'], nowMs: number): Verdict {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(nowMs);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  const day = WEEKDAYS.indexOf(part('weekday')) + 1;
  const minute = Number(part('hour')) * 60 + Number(part('minute'));
  const ends = windows
    .filter(({ days, from }) => days.includes(day) && minutesOf(from) <= minute)
    .map(({ to }) => minutesOf(to))
    .filter((end) => end > minute);
  if (ends.length === 0) return FAILS;
  const startOfMinuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  return { passes: true, untilMs: startOfMinuteMs + (Math.max(...ends) - minute) * MINUTE_MS };
}

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}

function isAtLeast(version: string, minimum: string): boolean {
  const [actual, wanted] = [coerce(version), coerce(minimum)];
  return actual !== null && wanted !== null && actual.compare(wanted) >= 0;
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Lower-case hex without separators. */
export function normalMac(address: string): string {
  return address.toLowerCase().replaceAll(/[^0-9a-f]/g, '');
}
