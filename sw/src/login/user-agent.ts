/** In order: later names are also part of what earlier ones call themselves. */
const BROWSERS = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac', 'Linux'];

/** Words for a person to know a browser by, from its `User-Agent`: which may say anything. */
export function describeUserAgent(userAgent: string | null): string {
  const browser = BROWSERS.find(([mark]) => userAgent?.includes(mark))?.[1] ?? 'Browser';
  const system = SYSTEMS.find((name) => userAgent?.includes(name));
  return system === undefined ? browser : `${browser} on ${system}`;
}
