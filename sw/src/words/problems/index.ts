/** The one catalogue of problems: reasons that travel between parts, and those that arise in the browser. */
import { isReasonCode } from '@postern/shared/errors';
import { reasonWords, type Language, type ProblemWords } from '@postern/shared/language';
import { de } from './de.ts';
import { en } from './en.ts';

/** Texts around every problem, by language. */
export const problemTexts = { en, de };
export type ProblemTexts = (typeof problemTexts)[Language];

/** The words for a code; general ones for a code nobody has words for. */
export function wordsFor(code: string, language: Language): ProblemWords {
  if (isReasonCode(code)) return reasonWords[language][code];
  const { of, fallback } = problemTexts[language];
  return Object.hasOwn(of, code) ? of[code as keyof typeof of] : fallback;
}

const STATIONS = ['browser', 'access', 'network', 'connector', 'application'] as const;
type Station = (typeof STATIONS)[number];

const PLACES: readonly (readonly [RegExp, Station])[] = [
  [/^ERR_APP_/, 'application'],
  [/^ERR_(?:SERVICE_NOT_HOSTED|HANDSHAKE_FAILED|RECORD_INVALID)$/, 'connector'],
  [/^ERR_(?:NO_ROUTER|NO_PATH|CIRCUIT_|ROUTER_|EDGE_)/, 'network'],
  [/^ERR_(?:ACCESS_|POSTURE_|SESSION_|IDENTITY_|TOKEN_|GRANT_|SIGN_IN_|CONTROLLER_)/, 'access'],
  [/^ERR_(?:LOADER|SW)_/, 'browser'],
];

/** The stations of a request up to where a code arises and beyond; empty where that is not known. */
export function wayOf(
  code: string,
): { station: Station; state: 'reached' | 'failed' | 'unknown' }[] {
  const failed = PLACES.find(([pattern]) => pattern.test(code))?.[1];
  if (failed === undefined) return [];
  const at = STATIONS.indexOf(failed);
  return STATIONS.map((station, index) => ({
    station,
    state: index < at ? 'reached' : index === at ? 'failed' : 'unknown',
  }));
}

const SIGN_IN_CODES: ReadonlySet<string> = new Set(['ERR_SESSION_ENDED', 'ERR_TOKEN_INVALID']);

/** What the button of a problem says. */
export function retryText(code: string, texts: ProblemTexts): string {
  return SIGN_IN_CODES.has(code) ? texts.signInAgain : texts.tryAgain;
}
