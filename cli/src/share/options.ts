/** The words of `postern expose`, judged. */
import { randomInt } from 'node:crypto';
import { AppError } from '@postern/shared/errors';

/** The options of `postern expose` as typed. */
export interface ExposeFlags {
  profile?: string;
  json?: boolean;
  allow?: string[];
  allowEveryone?: boolean;
  name?: string;
  domain?: string;
  expires: string;
  forwardHost: 'application' | 'target';
  loginMethods?: string[];
}

export interface ExposeOptions {
  /** `http://…`, `https://…` or `unix:/…`, as a connector's `target`. */
  target: string;
  /** Who may open it, as typed: identities, or roles that begin with `#`. */
  allow: readonly string[];
  /** DNS label below the domain of shares. */
  name: string;
  /** From start to end, in ms: one minute to {@link MAX_HOURS} hours. */
  lifetimeMs: number;
}

/** A sign-in lasts as long at most, and one is needed to remove what was made. */
const MAX_HOURS = 12;
const unitsMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 };
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @throws AppError `ERR_CLI_USAGE` saying which word is wrong and what it takes */
export function parseExposeOptions(target: string, flags: ExposeFlags): ExposeOptions {
  const { allow = [], allowEveryone = false, name = randomName(), expires } = flags;
  if (allow.length === 0 && !allowEveryone) {
    throw usage(
      'Say who may open it: --allow <identity>, --allow "#staff", or --allow-everyone for whoever can sign in',
    );
  }
  if (allow.length > 0 && allowEveryone)
    throw usage('--allow and --allow-everyone exclude each other');
  if (!LABEL.test(name)) {
    throw usage(
      `--name takes a DNS label (a to z, digits, inner hyphens, at most 63), got "${name}"`,
    );
  }
  return {
    target: parseTarget(target),
    allow: allowEveryone ? ['#all'] : allow,
    name,
    lifetimeMs: parseLifetime(expires),
  };
}

function parseTarget(text: string): string {
  if (/^\d{1,5}$/.test(text)) return originOf(`http://localhost:${text}`, text);
  if (text.startsWith('unix:/')) return text;
  return originOf(/^https?:\/\//.test(text) ? text : `http://${text}`, text);
}

function originOf(address: string, typed: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isOrigin = url && url.pathname === '/' && !url.search && !url.hash && !url.username;
  if (!isOrigin || url.port === '0') {
    throw usage(
      `"${typed}" is no web app: give a port, host:port, http://host:port, https://host:port or unix:/path, without a path behind it`,
    );
  }
  return url.origin;
}

function parseLifetime(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const lifetimeMs = Number(count) * (unitsMs[unit] ?? 0);
  if (lifetimeMs < 1000 || lifetimeMs > MAX_HOURS * 3_600_000) {
    throw usage(`--expires takes 1s to ${MAX_HOURS}h, such as 30m or 2h, got "${text}"`);
  }
  return lifetimeMs;
}

/** Not to be guessed from another's: 40 bits. Without vowels, so that no word comes of it. */
function randomName(): string {
  const letters = 'bcdfghjkmnpqrstvwxz23456789';
  return Array.from({ length: 9 }, () => letters[randomInt(letters.length)]).join('');
}

function usage(message: string): AppError {
  return new AppError('ERR_CLI_USAGE', message);
}
