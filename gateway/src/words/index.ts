import { de } from './de.ts';
import { en } from './en.ts';

export const gatewayTexts = { en, de };
