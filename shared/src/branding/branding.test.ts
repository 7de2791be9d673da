import { describe, expect, it } from 'vitest';
import {
  brandStyle,
  contrastRatio,
  DEFAULT_COLORS,
  findIllegible,
  logoFault,
  MAX_LOGO_BYTES,
  mergeBranding,
  parseColor,
} from './index.ts';

describe('parseColor', () => {
  it.each([
    ['#0B5CAD', '#0b5cad'],
    ['#fa0', '#ffaa00'],
    ['rgb(11 92 173)', '#0b5cad'],
    ['rgb(11, 92, 173)', '#0b5cad'],
    ['rgb(0% 50% 100%)', '#0080ff'],
    ['hsl(120deg 100% 25%)', '#008000'],
    ['hsl(-120 100% 50%)', '#0000ff'],
  ])('%s → %s', (text, hex) => {
    expect(parseColor(text)).toBe(hex);
  });

  it.each([
    'red;background:url(//evil)',
    '#ggg',
    '#12345',
    'rgb(1 2)',
    'rgb(256 0 0)',
    'rgb(1 2 3 / 50%)',
    'hsl(10 20 30)',
    'hsl(10 120% 30%)',
    'var(--x)',
    'expression(alert(1))',
    '',
    `#fff${' '.repeat(100)}x`,
  ])('refuses %j', (text) => {
    expect(parseColor(text)).toBeUndefined();
  });
});

it('computes contrast as WCAG does', () => {
  expect(contrastRatio('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrastRatio('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
  expect(contrastRatio('#ffffff', '#777777')).toBeLessThan(4.5);
});

it('finds the defaults legible, and what is not', () => {
  expect(findIllegible({})).toEqual([]);
  const [found, ...others] = findIllegible({ light: { accent: '#ffcc00', onAccent: '#000000' } });
  expect(found).toMatchObject({ scheme: 'light', color: 'accent', on: 'surface' });
  expect(others.map(({ color, on }) => `${color} on ${on}`)).toEqual(['accent on background']);
});

it('writes only colours into a style', () => {
  const style = brandStyle({
    name: '</style><script>',
    light: { accent: '#112233', onAccent: 'red}body{display:none' },
    dark: { onAccent: '#ffffff' },
  });
  expect(style).toBe(':root{--brand-light-accent:#112233;--brand-dark-on-accent:#ffffff}');
  expect(brandStyle({ name: 'x' })).toBe('');
});

it('overrides texts and single colours', () => {
  const merged = mergeBranding(
    {
      name: 'Acme',
      helpUrl: 'https://help.example',
      light: { accent: '#111111', text: '#222222' },
    },
    { name: 'Wiki', light: { accent: '#333333' } },
  );
  expect(merged).toEqual({
    name: 'Wiki',
    helpUrl: 'https://help.example',
    light: { accent: '#333333', text: '#222222' },
  });
  expect(Object.keys(DEFAULT_COLORS.light)).toEqual(Object.keys(DEFAULT_COLORS.dark));
});

const svg = (inner: string, attributes = '') =>
  new TextEncoder().encode(
    `<?xml version="1.0"?><!-- logo --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" ${attributes}>${inner}</svg>`,
  );
const png = (
  width: number,
  height: number,
  end = [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82],
) => {
  const head = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
  ];
  const sides = [width >> 8, width & 255, height >> 8, height & 255];
  return Uint8Array.from([...head, 0, 0, sides[0]!, sides[1]!, 0, 0, sides[2]!, sides[3]!, ...end]);
};

describe('a logo', () => {
  it('may be a small PNG or an inert SVG', () => {
    expect(logoFault('image/png', png(64, 64))).toBeUndefined();
    expect(
      logoFault('image/svg+xml', svg('<defs><path id="a"/></defs><use href="#a" fill="url(#g)"/>')),
    ).toBeUndefined();
  });

  it.each([
    ['a page', 'image/png', new TextEncoder().encode('<html>')],
    ['a page as SVG', 'image/svg+xml', new TextEncoder().encode('<html><svg></svg></html>')],
    ['a PNG as SVG', 'image/svg+xml', png(1, 1)],
    ['an SVG as PNG', 'image/png', svg('')],
    ['too wide', 'image/png', png(2048, 10)],
    ['without an end', 'image/png', png(10, 10, [0, 0, 0, 0, 0, 0, 0, 0])],
    ['script', 'image/svg+xml', svg('<script>alert(1)</script>')],
    ['prefixed script', 'image/svg+xml', svg('<s:script xmlns:s="http://www.w3.org/2000/svg"/>')],
    ['a handler', 'image/svg+xml', svg('<path/>', 'onload="alert(1)"')],
    ['an animated link', 'image/svg+xml', svg('<a><set attributeName="href" to="x"/></a>')],
    ['HTML inside', 'image/svg+xml', svg('<foreignObject/>')],
    ['an outside image', 'image/svg+xml', svg('<image href="https://evil.example/x.png"/>')],
    ['an unquoted link', 'image/svg+xml', svg('<a href=javascript:alert(1)/>')],
    ['an import', 'image/svg+xml', svg('<style>@import "//evil"</style>')],
    ['an outside fill', 'image/svg+xml', svg('<path fill="url(https://evil)"/>')],
    [
      'an entity',
      'image/svg+xml',
      new TextEncoder().encode(
        '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"></svg>',
      ),
    ],
    ['an escape', 'image/svg+xml', svg('<a href="&#106;avascript:1"/>')],
    ['no UTF-8', 'image/svg+xml', Uint8Array.of(0xff, 0xfe)],
    ['too long', 'image/svg+xml', svg(' '.repeat(MAX_LOGO_BYTES))],
  ] as const)('may not be %s', (_what, mediaType, bytes) => {
    expect(logoFault(mediaType, bytes)).toEqual(expect.any(String));
  });
});
