import type { Language } from '@postern/shared/language';
import { de } from './de.ts';
import { en } from './en.ts';

export const loginTexts = { en, de };
export type LoginTexts = (typeof loginTexts)[Language];
