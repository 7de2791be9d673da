/**
 * Keeps our caches and databases from the application's sight, so that code which lists and deletes all
 * there are does not sign the person out. Names of its own that look like ours are kept under others.
 * No protection: script can find a way to them, as to all that lies in its origin.
 */
import { intercept } from '../native-look.ts';

const OURS = 'postern';
const ESCAPE = 'app-';

const toStored = (name: unknown): string => {
  const text = String(name);
  return /^(?:app-)*postern/.test(text) ? ESCAPE + text : text;
};
const toShown = (name: string): string =>
  /^(?:app-)+postern/.test(name) ? name.slice(ESCAPE.length) : name;

export function hideOwnNames(scope: { caches?: CacheStorage; indexedDB?: IDBFactory }): void {
  if (scope.caches !== undefined) {
    const prototype = Object.getPrototypeOf(scope.caches) as CacheStorage;
    for (const name of ['open', 'has', 'delete'] as const) {
      intercept(prototype, name, (native, self, args) =>
        Reflect.apply(native, self, args.length === 0 ? args : [toStored(args[0])]),
      );
    }
    intercept(prototype, 'keys', async (native, self, args) => {
      const names = (await Reflect.apply(native, self, args)) as string[];
      return names.filter((name) => !name.startsWith(OURS)).map(toShown);
    });
    intercept(prototype, 'match', (native, self, [request, options]) => {
      const given = options as MultiCacheQueryOptions | undefined;
      const named = given?.cacheName !== undefined;
      const changed = named ? { ...given, cacheName: toStored(given.cacheName) } : given;
      return Reflect.apply(native, self, [request, changed]);
    });
  }
  if (scope.indexedDB !== undefined) {
    const prototype = Object.getPrototypeOf(scope.indexedDB) as IDBFactory;
    intercept(prototype, 'databases', async (native, self, args) => {
      const found = (await Reflect.apply(native, self, args)) as IDBDatabaseInfo[];
      return found.filter(({ name }) => name !== OURS);
    });
  }
}
