/** The few commands of W3C WebDriver that the tests need, over `fetch`. */

/** The key that marks a reference to an element in JSON (WebDriver §12.2). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const SCRIPT_TIMEOUT_MS = 180_000;

export interface WebDriverSession {
  /** Opens one more window and gives its handle. */
  newWindow(): Promise<string>;
  /** Runs a command in a window: `GET` without a body, `POST` with one, `DELETE` for `null`. */
  command<T>(window: string, path: string, body?: object | null): Promise<T>;
  /** The only element that matches. */
  find(window: string, selector: string): Promise<string>;
  end(): Promise<void>;
}

/** @param url Of the driver, without a slash at its end. */
export async function startSession(
  url: string,
  capabilities: Record<string, unknown>,
): Promise<WebDriverSession> {
  const { sessionId } = await call<{ sessionId: string }>(`${url}/session`, {
    capabilities: { alwaysMatch: capabilities },
  });
  const base = `${url}/session/${sessionId}`;
  await call(`${base}/timeouts`, { script: SCRIPT_TIMEOUT_MS, pageLoad: 60_000, implicit: 0 });

  // Commands go to the current window, so those of several pages may not mix.
  let current: string | undefined;
  let last: Promise<unknown> = Promise.resolve();
  function command<T>(window: string, path: string, body?: object | null): Promise<T> {
    const next = last.then(async () => {
      if (current !== window) await call(`${base}/window`, { handle: window });
      current = path === 'window' && body === null ? undefined : window;
      return call<T>(path === '' ? base : `${base}/${path}`, body);
    });
    last = next.catch(() => undefined);
    return next;
  }

  return {
    newWindow: async () => (await call<{ handle: string }>(`${base}/window/new`, {})).handle,
    command,
    find: async (window, selector) => {
      const found = await command<Record<string, string>>(window, 'element', {
        using: 'css selector',
        value: selector,
      });
      return found[ELEMENT]!;
    },
    end: async () => {
      await last;
      await call(base, null);
    },
  };
}

async function call<T>(url: string, body?: object | null): Promise<T> {
  const init =
    body === undefined
      ? {}
      : body === null
        ? { method: 'DELETE' }
        : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, init);
  const { value } = (await response.json()) as { value: T };
  if (!response.ok) {
    const { error, message } = value as { error?: string; message?: string };
    throw new Error(`WebDriver: ${error}: ${message}`);
  }
  return value;
}
