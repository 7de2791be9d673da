const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
// Everything but the characters RFC 6265bis §5.1.1 calls non-delimiters.
const DELIMITERS = /[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;

/** Milliseconds since 1970, by the lenient algorithm of RFC 6265bis §5.1.1; `undefined` if no date. */
export function parseCookieDate(text: string): number | undefined {
  let time: readonly number[] | undefined;
  let day: number | undefined;
  let month: number | undefined;
  let year: number | undefined;
  for (const token of text.split(DELIMITERS)) {
    const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D|$)/.exec(token);
    if (!time && clock) {
      time = clock.slice(1, 4).map(Number);
      continue;
    }
    const dayMatch = /^(\d{1,2})(?:\D|$)/.exec(token);
    if (day === undefined && dayMatch) {
      day = Number(dayMatch[1]);
      continue;
    }
    const monthIndex = MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    if (month === undefined && monthIndex >= 0) {
      month = monthIndex;
      continue;
    }
    const yearMatch = /^(\d{2,4})(?:\D|$)/.exec(token);
    if (year === undefined && yearMatch) year = Number(yearMatch[1]);
  }
  if (!time || day === undefined || month === undefined || year === undefined) return undefined;
  if (year >= 70 && year <= 99) year += 1900;
  else if (year <= 69) year += 2000;
  const [hour = 0, minute = 0, second = 0] = time;
  if (year < 1601 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  // A day that the month does not have.
  return date.getUTCDate() === day && date.getUTCMonth() === month ? date.getTime() : undefined;
}
