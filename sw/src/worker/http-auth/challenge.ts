/** What an application asks for with 401 (RFC 9110 §11): the strongest scheme that we know. */
import type { Field } from '@postern/shared/protocol/http';

export interface Challenge {
  scheme: 'basic' | 'digest';
  realm: string;
  /** Names are lower case. */
  parameters: Readonly<Record<string, string>>;
}

/** Longest `WWW-Authenticate` looked at, in characters. */
const MAX_LENGTH = 4_096;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
/** A scheme, or a parameter with a token or a quoted string. */
const PART = new RegExp(
  `(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))|(${TOKEN})(?=\\s|,|$)`,
  'g',
);

/** The challenge to answer: Digest before Basic, SHA-256 before MD5 (RFC 7616 §3.7). */
export function findChallenge(fields: readonly Field[]): Challenge | undefined {
  const all = fields
    .filter(([name, value]) => name === 'www-authenticate' && value.length <= MAX_LENGTH)
    .flatMap(([, value]) => parseChallenges(value));
  return all.filter(isSupported).sort((a, b) => strength(b) - strength(a))[0];
}

function parseChallenges(value: string): { scheme: string; parameters: Record<string, string> }[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  for (const [, name, quoted, token, scheme] of value.matchAll(PART)) {
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: {} });
    else if (name !== undefined) {
      const parameters = found.at(-1)?.parameters;
      if (parameters)
        parameters[name.toLowerCase()] = token ?? quoted?.replace(/\\(.)/g, '$1') ?? '';
    }
  }
  return found;
}

function isSupported(given: {
  scheme: string;
  parameters: Record<string, string>;
}): given is Challenge {
  const { scheme, parameters } = given;
  const { realm, nonce, algorithm = 'MD5', qop } = parameters;
  if (realm === undefined) return false;
  Object.assign(given, { realm });
  if (scheme === 'basic') return true;
  const hasQop = qop === undefined || /(?:^|[\s,])auth(?:[\s,]|$)/.test(qop);
  return (
    scheme === 'digest' && nonce !== undefined && hasQop && /^(?:MD5|SHA-256)$/i.test(algorithm)
  );
}

function strength({ scheme, parameters }: Challenge): number {
  if (scheme === 'basic') return 0;
  return /^sha/i.test(parameters['algorithm'] ?? '') ? 2 : 1;
}
