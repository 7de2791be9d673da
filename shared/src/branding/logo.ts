/** What may be an operator's logo: small, really of the type it says, and inert. */
import { decodeUtf8 } from '../bytes/index.ts';
import type { BrandLogo } from './branding.ts';

export const MAX_LOGO_BYTES = 32_768;
const MAX_PNG_SIDE = 1_024;

/** Why `bytes` are no logo of this type; `undefined` if they are one. */
export function logoFault(
  mediaType: BrandLogo['mediaType'],
  bytes: Uint8Array,
): string | undefined {
  if (bytes.length > MAX_LOGO_BYTES) return `must have at most ${MAX_LOGO_BYTES} bytes`;
  return mediaType === 'image/png' ? pngFault(bytes) : svgFault(bytes);
}

const PNG_START = [
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
];
const PNG_END = [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

/** PNG (Third Edition) §5.2, §11.2.1: signature and IHDR first, IEND last. */
function pngFault(bytes: Uint8Array): string | undefined {
  const isPng =
    PNG_START.every((value, at) => bytes[at] === value) &&
    PNG_END.every((value, at) => bytes[bytes.length - PNG_END.length + at] === value);
  if (!isPng) return 'is no PNG image';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sides = [view.getUint32(16), view.getUint32(20)];
  if (sides.some((side) => side === 0 || side > MAX_PNG_SIDE))
    return `must be at most ${MAX_PNG_SIDE} pixels wide and high`;
  return undefined;
}

/**
 * Browsers run nothing and load nothing for an SVG in `<img>`; what could do either elsewhere is refused all the
 * same, so that the file is harmless wherever it is opened.
 */
const SVG_FORBIDDEN: readonly [RegExp, string][] = [
  [/<!(?!--)/, 'a document type, entities or CDATA'],
  [/<\?(?!xml[\s?])/i, 'a processing instruction'],
  [
    /<(?:[\w.-]+:)?(?:script|foreignobject|iframe|object|embed|audio|video|handler|listener|animate\w*|set)\b/i,
    'an active element',
  ],
  [/\son[a-z]+\s*=/i, 'an event handler'],
  [
    /(?:href|src)\s*=\s*(?:"\s*(?!#)|'\s*(?!#)|[^"'\s])/i,
    'a reference to anything but a part of itself',
  ],
  [/(?:@import|url\(\s*["']?\s*(?!["'#\s]))/i, 'a style that loads something'],
  [/\\[0-9a-f]|&#/i, 'escapes'],
];

function svgFault(bytes: Uint8Array): string | undefined {
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch {
    return 'is not UTF-8';
  }
  const content = text.replace(/^\ufeff?\s*(?:<\?xml[^>]*\?>)?(?:\s|<!--[^]*?-->)*/, '');
  if (
    !/^<svg\s[^>]*xmlns\s*=\s*["']http:\/\/www\.w3\.org\/2000\/svg["']/.test(content) ||
    !/<\/svg>\s*$/.test(content)
  )
    return 'is no SVG image (the root element must be svg, with its namespace)';
  // The namespaces are no references.
  const found = SVG_FORBIDDEN.find(([pattern]) => pattern.test(text));
  return found && `must not have ${found[1]}`;
}
