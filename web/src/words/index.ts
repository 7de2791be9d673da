/** The console's texts. English only so far; another language is another file of the same shape. */
import { fill } from '@postern/shared/language';
import { en } from './en.ts';

export const words = en;
export { fill };

/** What entities of a kind are called. */
export function kindWords(path: string): { readonly many: string; readonly one: string } {
  return Object.hasOwn(en.kinds, path)
    ? en.kinds[path as keyof typeof en.kinds]
    : { many: path, one: path };
}
