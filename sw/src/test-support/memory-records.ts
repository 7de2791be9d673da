import type { LoginRecords } from '../login/login-store.ts';

/** Records of the login origin in memory, for tests. */
export function memoryRecords(): LoginRecords {
  const records = new Map<string, unknown>();
  return {
    get: (name) => Promise.resolve(records.get(name)),
    put: (name, value) => {
      records.set(name, value);
      return Promise.resolve();
    },
    add: (name, value) => {
      if (!records.has(name)) records.set(name, value);
      return Promise.resolve(records.get(name));
    },
  };
}
