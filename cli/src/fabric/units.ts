/** Times and sizes as people read them in a table. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Such as `12.5 MiB`. */
export function size(bytes: number): string {
  const exponent = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** exponent;
  return `${exponent === 0 ? value : value.toFixed(1)} ${UNITS[exponent] ?? 'B'}`;
}

/** Such as `0.42 ms`; nothing for `undefined`. */
export function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '' : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
}

/** Such as `3d 4h`, `2m 5s`: the two largest units. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = Math.min(parts.findIndex(([count]) => count > 0) >>> 0, parts.length - 1);
  return parts
    .slice(first, first + 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
