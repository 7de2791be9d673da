/** CSS colours as operators write them, and how well one can be read on another. */

/** Red, green and blue, 0 to 255. */
type Rgb = readonly [number, number, number];

/**
 * The colour as `#rrggbb`; `undefined` for anything else. Taken are `#rgb`, `#rrggbb`, `rgb()` and `hsl()`
 * (CSS Color 4 §5.1, §5.2, §7), opaque: the pages put colours on each other, and what shines through has no
 * contrast that could be computed.
 */
export function parseColor(text: string): string | undefined {
  const written = text.trim().toLowerCase();
  if (written.length > 64) return undefined;
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(written);
  if (short)
    return `#${short
      .slice(1)
      .map((digit) => digit + digit)
      .join('')}`;
  if (/^#[0-9a-f]{6}$/.test(written)) return written;
  const call = /^(rgb|hsl)a?\(\s*([^()]*)\)$/.exec(written);
  const parts = call?.[2]?.trim().split(/\s*,\s*|\s+/) ?? [];
  if (call === null || parts.length !== 3) return undefined;
  return call[1] === 'rgb' ? fromRgb(parts) : fromHsl(parts);
}

/** WCAG 2.2, "contrast ratio": 1 to 21. Both are `#rrggbb`. */
export function contrastRatio(one: string, other: string): number {
  const [brighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((brighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05);
}

function fromRgb(parts: readonly string[]): string | undefined {
  const channels = parts.map((part) => {
    const found = /^(\d{1,3}(?:\.\d+)?)(%?)$/.exec(part);
    if (found === null) return undefined;
    const value = found[2] === '%' ? (Number(found[1]) * 255) / 100 : Number(found[1]);
    return value <= 255 ? value : undefined;
  });
  const [red, green, blue] = channels;
  return red === undefined || green === undefined || blue === undefined
    ? undefined
    : toHex([red, green, blue]);
}

/** CSS Color 4 §7.1. */
function fromHsl([h = '', s = '', l = '']: readonly string[]): string | undefined {
  const hue = /^-?\d{1,4}(?:\.\d+)?(?:deg)?$/.test(h) ? Number.parseFloat(h) : undefined;
  const [saturation, lightness] = [s, l].map((part) =>
    /^\d{1,3}(?:\.\d+)?%$/.test(part) ? Number.parseFloat(part) / 100 : undefined,
  );
  if (hue === undefined || saturation === undefined || lightness === undefined) return undefined;
  if (saturation > 1 || lightness > 1) return undefined;
  const channel = (n: number): number => {
    const k = (((n + hue / 30) % 12) + 12) % 12;
    const chroma = saturation * Math.min(lightness, 1 - lightness);
    return 255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return toHex([channel(0), channel(8), channel(4)]);
}

function toHex(channels: Rgb): string {
  return `#${channels.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
}

/** WCAG 2.2, "relative luminance". */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((from) => {
    const value = Number.parseInt(hex.slice(from, from + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
