/** User-Agent Client Hints that Chromium sends with each request and hides from the worker. */
import type { Field } from '@postern/shared/protocol/http';

/** `NavigatorUAData`, as far as it needs no asking (User-Agent Client Hints §4.1). */
export interface ClientHints {
  brands: readonly { brand: string; version: string }[];
  mobile: boolean;
  platform: string;
}

/** The low-entropy hints (User-Agent Client Hints §3), as structured fields (RFC 8941). */
export function clientHintFields(hints: ClientHints | undefined): Field[] {
  if (hints === undefined) return [];
  const brands = hints.brands.map(({ brand, version }) => `${quoted(brand)};v=${quoted(version)}`);
  return [
    ['sec-ch-ua', brands.join(', ')],
    ['sec-ch-ua-mobile', hints.mobile ? '?1' : '?0'],
    ['sec-ch-ua-platform', quoted(hints.platform)],
  ];
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
