/**
 * One part's configuration from its layers: flags (`--set path=value`) over environment
 * (`POSTERN_ROUTER_EDGE__PORT=8443`: part, then the path with `__` between members) over the file
 * over the schema's defaults. An environment name ending in `_FILE` reads the value from that file.
 */
import { readFile } from 'node:fs/promises';
import { AppError } from '@postern/shared/errors';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { mergeLayers, setAtPath, type ConfigObject } from './merge.ts';

/** A configuration file may not be larger than this many bytes. */
const maxConfigFileBytes = 1024 * 1024;

export interface ConfigSources {
  /** YAML or JSON file. */
  file?: string | undefined;
  env: Record<string, string | undefined>;
  /** `path=value` items. */
  set: readonly string[];
}

/**
 * Reads, merges and validates. Every problem is reported together.
 * @throws {AppError} `ERR_CONFIG_FILE`, `ERR_CONFIG_PATH`, `ERR_CONFIG_INVALID`.
 */
export async function loadConfig<S extends z.ZodType>(
  part: string,
  schema: S,
  sources: ConfigSources,
): Promise<z.infer<S>> {
  const merged = mergeLayers(
    sources.file === undefined ? {} : await readConfigFile(sources.file),
    await environmentLayer(part, sources.env),
    flagLayer(sources.set),
  );
  const result = schema.safeParse(merged);
  if (!result.success) {
    const lines = result.error.issues.map(
      (issue) => `  ${issue.path.join('.') || '(top)'}: ${issue.message}`,
    );
    throw new AppError(
      'ERR_CONFIG_INVALID',
      `The ${part} configuration has ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}:\n${lines.join('\n')}`,
    );
  }
  return result.data;
}

async function readConfigFile(path: string): Promise<ConfigObject> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('ERR_CONFIG_FILE', `Cannot read the configuration file ${path}`, { cause });
  }
  if (text.length > maxConfigFileBytes) {
    throw new AppError('ERR_CONFIG_FILE', `${path} is larger than ${maxConfigFileBytes} bytes`);
  }
  let value: unknown;
  try {
    value = parseYaml(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new AppError('ERR_CONFIG_FILE', `${path} is not valid YAML: ${String(cause)}`, { cause });
  }
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new AppError('ERR_CONFIG_FILE', `${path} must hold a map of settings`);
  }
  return value as ConfigObject;
}

async function environmentLayer(
  part: string,
  env: Record<string, string | undefined>,
): Promise<ConfigObject> {
  const prefix = `POSTERN_${part.toUpperCase()}_`;
  const layer: ConfigObject = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(prefix)) continue;
    const fromFile = name.endsWith('_FILE');
    const path = name
      .slice(prefix.length, fromFile ? -'_FILE'.length : undefined)
      .split('__')
      .map(camelCase)
      .join('.');
    setAtPath(layer, path, fromFile ? (await readSecret(value)).trimEnd() : value);
  }
  return layer;
}

async function readSecret(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('ERR_CONFIG_FILE', `Cannot read ${path}`, { cause });
  }
}

/** `PUBLIC_URLS` → `publicUrls`. */
function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function flagLayer(items: readonly string[]): ConfigObject {
  const layer: ConfigObject = {};
  for (const item of items) {
    const separator = item.indexOf('=');
    if (separator < 1) {
      throw new AppError('ERR_CONFIG_PATH', `--set takes path=value, got "${item}"`);
    }
    setAtPath(layer, item.slice(0, separator), item.slice(separator + 1));
  }
  return layer;
}
