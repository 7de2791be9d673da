/** Which application this origin is, as the gateway says at `/.postern/config.json`. */
import { AppError } from '@postern/shared/errors';
import { applicationInfoSchema, type ApplicationInfo } from '@postern/shared/schemas';
import type { Store } from '../storage/store.ts';

const CONFIG_PATH = '/.postern/config.json';

export interface ApplicationSource {
  /** The known application, from storage if possible. Throws `ERR_CONTROLLER_UNREACHABLE`, `ERR_SW_CONFIG`. */
  get(): Promise<ApplicationInfo>;
  /** Asks the gateway again and stores the answer; falls back on what is stored if it cannot be reached. */
  refresh(): Promise<ApplicationInfo>;
  /**
   * What the gateway says now, never what is stored: a page can write to storage, and where people
   * sign in and out must not be its choice. Throws like `get`.
   */
  fresh(): Promise<ApplicationInfo>;
}

export interface ApplicationSourceOptions {
  store: Store;
  origin: string;
  fetch: typeof globalThis.fetch;
}

export function createApplicationSource(options: ApplicationSourceOptions): ApplicationSource {
  const { store, origin, fetch } = options;
  let known: ApplicationInfo | undefined;

  const stored = async (): Promise<ApplicationInfo | undefined> => {
    const parsed = applicationInfoSchema.safeParse(await store.get('application'));
    return parsed.success && parsed.data.origin === origin ? parsed.data : undefined;
  };
  const fresh = async (): Promise<ApplicationInfo> => {
    known = await fetchApplication(fetch, origin);
    await store.put('application', known);
    return known;
  };
  const refresh = async (): Promise<ApplicationInfo> => {
    try {
      return await fresh();
    } catch (error) {
      known ??= await stored();
      if (known === undefined) throw error;
      return known;
    }
  };
  return {
    fresh,
    refresh,
    get: async () => (known ??= await stored()) ?? refresh(),
  };
}

async function fetchApplication(
  fetch: typeof globalThis.fetch,
  origin: string,
): Promise<ApplicationInfo> {
  let response: Response;
  try {
    response = await fetch(new URL(CONFIG_PATH, origin), {
      cache: 'no-cache',
      credentials: 'omit',
      redirect: 'error',
    });
  } catch (cause) {
    throw new AppError('ERR_CONTROLLER_UNREACHABLE', 'the gateway does not answer', {
      cause,
      retryable: true,
    });
  }
  if (response.status >= 500) {
    throw new AppError('ERR_CONTROLLER_UNREACHABLE', `the gateway answered ${response.status}`, {
      retryable: true,
    });
  }
  const parsed = applicationInfoSchema.safeParse(await response.json().catch(() => undefined));
  if (!response.ok || !parsed.success || parsed.data.origin !== origin) {
    throw new AppError('ERR_SW_CONFIG', 'the gateway does not know this application');
  }
  return parsed.data;
}
