import type { Branding } from '@postern/shared/branding';
import type { Language } from '@postern/shared/language';

/** Whose pages these are, and in which language. */
export interface Look {
  language: Language;
  branding: Branding;
}
