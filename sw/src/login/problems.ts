import { isAppError, isReasonCode } from '@postern/shared/errors';
import { reasonWords, type Language } from '@postern/shared/language';
import { loginTexts } from '../words/login/index.ts';

export interface Problem {
  title: string;
  next: string;
  code: string;
  /** This sign-in cannot be repeated: the application has to begin a new one. */
  isOver: boolean;
}

const overCodes = new Set(['ERR_INTERACTION_NOT_FOUND', 'ERR_LOGIN_STATE']);

/** Words for any error. What the controller says in public goes before our own advice; it speaks English only. */
export function problemOf(error: unknown, language: Language): Problem {
  const code = isAppError(error) ? error.code : 'ERR_LOGIN_FAILED';
  const { title, next } = wordsOf(code, language);
  const said = isAppError(error) ? error.publicMessage : undefined;
  const advice = said === undefined ? next : language === 'en' ? said : `${next} (${said})`;
  return { title, next: advice, code, isOver: overCodes.has(code) };
}

function wordsOf(code: string, language: Language) {
  if (isReasonCode(code)) return reasonWords[language][code];
  const { problems, fallback } = loginTexts[language];
  return Object.hasOwn(problems, code) ? problems[code as keyof typeof problems] : fallback;
}
