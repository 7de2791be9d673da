/** What this browser says of itself, for posture checks: its own word, which anybody can forge. */
import type { DeclaredPosture } from '@postern/shared/schemas';

/** The part of `navigator` that tells: client hints where there are any, else the user agent string. */
export interface NavigatorHints {
  readonly userAgent: string;
  readonly userAgentData?:
    | {
        readonly brands: readonly { readonly brand: string; readonly version: string }[];
        readonly platform: string;
        getHighEntropyValues(hints: string[]): Promise<{ platformVersion?: string }>;
      }
    | undefined;
}

/** Browsers by the brand of their client hints, most telling first. */
const BRANDS = [
  ['Microsoft Edge', 'edge'],
  ['Opera', 'opera'],
  ['Google Chrome', 'chrome'],
  ['Chromium', 'chromium'],
] as const;

/** Browsers by their token in the user agent string, most telling first. */
const TOKENS = [
  [/\bEdg\/(\d+)/, 'edge'],
  [/\bOPR\/(\d+)/, 'opera'],
  [/\bFirefox\/(\d+)/, 'firefox'],
  [/\bChrome\/(\d+)/, 'chrome'],
  [/\bVersion\/(\d+).*\bSafari\//, 'safari'],
] as const;

const SYSTEMS = [
  [/\bWindows NT ([\d.]+)/, 'Windows'],
  [/\bAndroid ([\d.]+)/, 'Android'],
  [/\b(?:iPhone|iPad).* OS ([\d_]+)/, 'iOS'],
  [/\bMac OS X ([\d_.]+)/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
] as const;

export async function declaredPosture(navigator: NavigatorHints): Promise<DeclaredPosture> {
  const { userAgent, userAgentData } = navigator;
  if (userAgentData === undefined) return fromUserAgent(userAgent);
  const { brands, platform: name } = userAgentData;
  const known = BRANDS.flatMap(([brand, browser]) => {
    const found = brands.find((one) => one.brand === brand);
    return found === undefined ? [] : [{ name: browser, majorVersion: wholeNumber(found.version) }];
  });
  const { platformVersion = '' } = await userAgentData
    .getHighEntropyValues(['platformVersion'])
    .catch(() => ({ platformVersion: '' }));
  return {
    ...(known[0] && { browser: known[0] }),
    ...(name !== '' && { platform: { name: cut(name), version: cut(platformVersion) } }),
  };
}

function fromUserAgent(userAgent: string): DeclaredPosture {
  const [browser] = TOKENS.flatMap(([pattern, name]) => {
    const version = pattern.exec(userAgent)?.[1];
    return version === undefined ? [] : [{ name, majorVersion: wholeNumber(version) }];
  });
  const [platform] = SYSTEMS.flatMap(([pattern, name]) => {
    const found = pattern.exec(userAgent);
    return found ? [{ name, version: cut((found[1] ?? '').replaceAll('_', '.')) }] : [];
  });
  return { ...(browser && { browser }), ...(platform && { platform }) };
}

function wholeNumber(version: string): number {
  return Math.min(Number.parseInt(version, 10) || 0, 100_000);
}

function cut(text: string): string {
  return text.slice(0, 64);
}
