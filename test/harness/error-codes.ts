import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every `ERR_…` that appears in the sources of these packages. */
export function errorCodesOf(root: string, packages: readonly string[]): Set<string> {
  const codes = new Set<string>();
  for (const name of packages) {
    for (const file of readdirSync(join(root, name, 'src'), {
      recursive: true,
      encoding: 'utf8',
    })) {
      if (!/\.tsx?$/.test(file) || /\.test\.tsx?$/.test(file)) continue;
      for (const [code] of readFileSync(join(root, name, 'src', file), 'utf8').matchAll(
        /ERR_[A-Z_0-9]+/g,
      )) {
        codes.add(code);
      }
    }
  }
  return codes;
}
