/**
 * How an operator's pages look and what they say, as it travels from the controller to the pages:
 * checked and complete enough to be used as it is. Colours are `#rrggbb`, whatever the operator wrote.
 */

/** Colours that can be set, each with its place in the pages. */
export const BRAND_COLORS = [
  'accent',
  'onAccent',
  'background',
  'surface',
  'text',
  'muted',
] as const;
export type BrandColor = (typeof BRAND_COLORS)[number];
export type BrandColors = { [Color in BrandColor]?: string | undefined };

export interface BrandLogo {
  /** Hex, of the bytes. */
  sha256: string;
  mediaType: 'image/png' | 'image/svg+xml';
}

export interface Branding {
  /** Name of the organisation or service; beside the logo, or alone. */
  name?: string | undefined;
  logo?: BrandLogo | undefined;
  light?: BrandColors | undefined;
  dark?: BrandColors | undefined;
  /** Where people find help, `https:`. */
  helpUrl?: string | undefined;
  /** One paragraph of plain text, for pages that tell of a problem. */
  supportText?: string | undefined;
}

/** The colours of the pages where the operator sets none (sw/src/look/tokens.css). */
export const DEFAULT_COLORS: Readonly<
  Record<'light' | 'dark', Readonly<Record<BrandColor, string>>>
> = {
  light: {
    accent: '#0b5cad',
    onAccent: '#ffffff',
    background: '#f6f7f9',
    surface: '#ffffff',
    text: '#1b1f24',
    muted: '#57606a',
  },
  dark: {
    accent: '#6cb2ff',
    onAccent: '#0d1a29',
    background: '#14171b',
    surface: '#1d2126',
    text: '#e6e8eb',
    muted: '#9aa4af',
  },
};

/** Folder of logos at every origin the gateway serves. */
export const LOGO_PATH = '/.postern/branding/';
export const LOGO_TYPES = { 'image/png': 'png', 'image/svg+xml': 'svg' } as const;

export function logoPath({ sha256, mediaType }: BrandLogo): string {
  return `${LOGO_PATH}${sha256}.${LOGO_TYPES[mediaType]}`;
}

const HEX_COLOR = /^#[0-9a-f]{6}$/;

/** Custom properties that carry the colours into the pages' style; anything but `#rrggbb` is left out. */
export function brandVariables(branding: Branding): [name: string, value: string][] {
  return (['light', 'dark'] as const).flatMap((scheme) =>
    BRAND_COLORS.flatMap((color): [string, string][] => {
      const value = branding[scheme]?.[color];
      return value !== undefined && HEX_COLOR.test(value)
        ? [[`--brand-${scheme}-${kebab(color)}`, value]]
        : [];
    }),
  );
}

/** The same as a rule, for documents without script; empty where nothing is set. */
export function brandStyle(branding: Branding): string {
  const variables = brandVariables(branding);
  return variables.length === 0
    ? ''
    : `:root{${variables.map(([name, value]) => `${name}:${value}`).join(';')}}`;
}

/** `network` where `application` says nothing; colours one by one. */
export function mergeBranding(network: Branding, application: Branding): Branding {
  return {
    ...network,
    ...application,
    ...(network.light || application.light
      ? { light: { ...network.light, ...application.light } }
      : {}),
    ...(network.dark || application.dark ? { dark: { ...network.dark, ...application.dark } } : {}),
  };
}

const kebab = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
