/** Numbers as people read them. */

export function formatBytes(bytes: number, language: string): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${units[unit] ?? ''}`;
}

export function formatMs(ms: number, language: string): string {
  return `${ms.toLocaleString(language, { maximumFractionDigits: ms < 100 ? 1 : 0 })} ms`;
}

/** Hours, minutes and seconds: `1:02:03`, or `2:03`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown
    .map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, '0')))
    .join(':');
}

export function formatTime(epochMs: number, language: string): string {
  return new Date(epochMs).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium' });
}
