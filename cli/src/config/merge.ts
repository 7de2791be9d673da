import { AppError } from '@postern/shared/errors';

export type ConfigValue = string | number | boolean | null | ConfigValue[] | ConfigObject;
export interface ConfigObject {
  [key: string]: ConfigValue;
}

/** Later layers win; objects merge member by member, everything else is replaced. */
export function mergeLayers(...layers: ConfigObject[]): ConfigObject {
  const result: ConfigObject = {};
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      const before = result[key];
      result[key] = isObject(before) && isObject(value) ? mergeLayers(before, value) : value;
    }
  }
  return result;
}

/**
 * Sets `value` at a dotted path, for example `edge.port`. Text that reads as JSON (a number, `true`,
 * a list) becomes that; everything else stays text.
 * @throws {AppError} `ERR_CONFIG_PATH` if the path is empty or names a prototype member.
 */
export function setAtPath(target: ConfigObject, path: string, value: string): void {
  const keys = path.split('.');
  const last = keys.pop();
  if (!last || [...keys, last].some((key) => !/^[A-Za-z][A-Za-z0-9]*$/.test(key))) {
    throw new AppError('ERR_CONFIG_PATH', `"${path}" is not a setting's path such as edge.port`);
  }
  let node = target;
  for (const key of keys) {
    const next = Object.hasOwn(node, key) ? node[key] : undefined;
    if (isObject(next)) {
      node = next;
    } else {
      const created: ConfigObject = {};
      node[key] = created;
      node = created;
    }
  }
  node[last] = parseScalar(value);
}

function parseScalar(text: string): ConfigValue {
  try {
    return JSON.parse(text) as ConfigValue;
  } catch {
    return text;
  }
}

function isObject(value: ConfigValue | undefined): value is ConfigObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
