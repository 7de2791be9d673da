/** Whether an operator's colours can be read: every text of the pages on everything it stands on. */
import { DEFAULT_COLORS, type BrandColor, type Branding } from './branding.ts';
import { contrastRatio } from './color.ts';

/** WCAG 2.2, 1.4.3 (level AA): text of any size. */
export const MIN_CONTRAST = 4.5;

/** What stands on what in the pages: text on the page and its cards, links, and buttons. */
const PAIRS: readonly (readonly [BrandColor, BrandColor])[] = [
  ['text', 'background'],
  ['text', 'surface'],
  ['muted', 'background'],
  ['muted', 'surface'],
  ['accent', 'surface'],
  ['accent', 'background'],
  ['onAccent', 'accent'],
];

export interface Illegible {
  scheme: 'light' | 'dark';
  color: BrandColor;
  on: BrandColor;
  ratio: number;
}

/** Pairs below {@link MIN_CONTRAST}, with the defaults for what the operator leaves out. */
export function findIllegible(branding: Branding): Illegible[] {
  return (['light', 'dark'] as const).flatMap((scheme) => {
    const of = (color: BrandColor): string =>
      branding[scheme]?.[color] ?? DEFAULT_COLORS[scheme][color];
    return PAIRS.flatMap(([color, on]) => {
      const ratio = contrastRatio(of(color), of(on));
      return ratio < MIN_CONTRAST ? [{ scheme, color, on, ratio }] : [];
    });
  });
}
