/** The language a person is shown. English is complete first; the others have exactly its keys. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Longest `Accept-Language` read, in UTF-16 units; what a browser sends is far shorter. */
const MAX_HEADER_LENGTH = 512;

/** The first of `preferred` (BCP 47 tags, best first) there is a catalogue for; English by default. */
export function chooseLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    // Lookup (RFC 4647 §3.4): `de-AT` is served by `de`.
    const primary = tag.toLowerCase().split('-', 1)[0];
    const found = LANGUAGES.find((language) => language === primary);
    if (found !== undefined) return found;
  }
  return 'en';
}

/** Tags of an `Accept-Language` field, best first (RFC 9110 §12.5.4). Malformed parts are left out. */
export function parseAcceptLanguage(header: string | null): string[] {
  if (header === null || header.length > MAX_HEADER_LENGTH) return [];
  return header
    .split(',')
    .flatMap((part) => {
      const found =
        /^\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/.exec(
          part,
        );
      return found?.[1] === undefined ? [] : [{ tag: found[1], quality: Number(found[2] ?? 1) }];
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}
