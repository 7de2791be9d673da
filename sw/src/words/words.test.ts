import { LANGUAGES, outline } from '@postern/shared/language';
import { describe, expect, it } from 'vitest';
import { loaderTexts } from './loader/index.ts';
import { loginTexts } from './login/index.ts';
import { pageTexts } from './pages/index.ts';
import { statusTexts } from './status/index.ts';
import { problemTexts, retryText, wayOf, wordsFor } from './problems/index.ts';

describe.each(Object.entries({ loaderTexts, loginTexts, pageTexts, problemTexts, statusTexts }))(
  '%s',
  (_name, catalogues) => {
    it.each(LANGUAGES)('has in %s exactly the keys and places of English', (language) => {
      expect(outline(catalogues[language])).toEqual(outline(catalogues.en));
    });

    it('has another text in German for every key whose words are not the same', () => {
      const texts = (value: unknown): string[] =>
        typeof value === 'string' ? [value] : Object.values(value as object).flatMap(texts);
      const german = texts(catalogues.de);
      const same = texts(catalogues.en).filter((text, index) => text === german[index]);
      expect(same.filter((text) => /[a-z] [a-z]/.test(text))).toEqual([]);
    });
  },
);

describe('problems', () => {
  it('has words for codes of the browser, of other parts and of nobody', () => {
    expect(wordsFor('ERR_SW_CONFIG', 'en').title).toContain('not set up');
    expect(wordsFor('ERR_ACCESS_REMOVED', 'de').title).toContain('Zugriff');
    expect(wordsFor('ERR_NEVER_HEARD_OF', 'de')).toEqual(problemTexts.de.fallback);
    expect(wordsFor('constructor', 'en')).toEqual(problemTexts.en.fallback);
    expect(retryText('ERR_SESSION_ENDED', problemTexts.en)).toBe('Sign in again');
  });

  it('knows where on the way a code arises', () => {
    expect(wayOf('ERR_NO_PATH').map(({ state }) => state)).toEqual([
      'reached',
      'reached',
      'failed',
      'unknown',
      'unknown',
    ]);
    expect(wayOf('ERR_APP_TIMEOUT').at(-1)).toEqual({ station: 'application', state: 'failed' });
    expect(wayOf('ERR_NEVER_HEARD_OF')).toEqual([]);
  });
});
