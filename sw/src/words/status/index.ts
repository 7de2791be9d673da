import type { Language } from '@postern/shared/language';
import { de } from './de.ts';
import { en } from './en.ts';

export const statusTexts = { en, de };
export type StatusTexts = (typeof statusTexts)[Language];
