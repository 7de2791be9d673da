/** Durations as Go writes them, such as `5s` or `1m30s`: host.v1 has them so. */

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /^(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)/;
const MAX_CHARACTERS = 64;

/** Milliseconds of a duration; `undefined` for what is none. */
export function parseDuration(text: string): number | undefined {
  if (text.length === 0 || text.length > MAX_CHARACTERS) return undefined;
  let totalMs = 0;
  for (let rest = text; rest !== '';) {
    const [part, amount, unit = ''] = PART.exec(rest) ?? [];
    if (part === undefined) return undefined;
    totalMs += Number(amount) * (UNITS_MS[unit] ?? 0);
    rest = rest.slice(part.length);
  }
  return totalMs;
}
