/**
 * Elements whose requests browsers lead past the service worker: `<object>` and `<embed>` everywhere,
 * images and style sheets of frames that are not under the worker. What they ask for is fetched
 * by the page and given to them as a `blob:` URL.
 */
import { intercept } from './native-look.ts';

type Realm = Window & typeof globalThis;

/** References of one style sheet that are fetched too. */
const MAX_REFERENCES = 64;

export interface ElementFetcher {
  /** `<object>` and `<embed>` in a document that is under the worker. */
  watchEmbedded(realm: Realm): void;
  /** Images and style sheets in one that is not. */
  watchUncontrolled(realm: Realm): void;
}

/**
 * Whether a document of the window is under the worker, whenever asked: the window may get another
 * document, whose own runtime then shows the application its own controller in place of ours.
 */
function createControlCheck(realm: Realm): () => boolean {
  // Neither is there where the context is not secure.
  const { ServiceWorkerContainer: Container } = realm as Partial<Realm>;
  const native = Object.getOwnPropertyDescriptor(Container?.prototype ?? {}, 'controller');
  return () => {
    // Asked for only now: in Chromium one made for the empty document would never have a controller. And
    // there is none where the document has an origin of its own.
    const container = (realm.navigator as Partial<Navigator>).serviceWorker;
    return container !== undefined && native?.get?.call(container) != null;
  };
}

/** Methods of documents that remove all listeners of their window. */
export const REOPENING = ['open', 'write', 'writeln'] as const;

/**
 * Listens before the page's own listeners, for good: `document.open` removes all listeners of its window,
 * and `document.write` calls it.
 */
export function onEvent(realm: Realm, name: string, listener: (event: Event) => void): void {
  const listen = (): void => realm.addEventListener(name, listener, true);
  listen();
  for (const method of REOPENING) {
    intercept(realm.Document.prototype, method, (native, self, args) => {
      const result: unknown = Reflect.apply(native, self, args);
      listen();
      return result;
    });
  }
}

/** @param fetch of the page, which the worker answers */
export function createElementFetcher(
  origin: string,
  fetch: typeof globalThis.fetch,
): ElementFetcher {
  const blobUrl = (blob: Blob): string => URL.createObjectURL(blob);
  const isOwn = (url: string): boolean => URL.canParse(url) && new URL(url).origin === origin;

  async function load(url: string): Promise<Blob | undefined> {
    const response = await fetch(url);
    return response.ok ? response.blob() : undefined;
  }

  /** `undefined` where there is nothing better than what the browser has. */
  async function embedded(url: string): Promise<string | undefined> {
    const blob = await load(url);
    // A document would not be under the worker, whatever its address.
    return blob === undefined || /^(?:text\/html|application\/xhtml)/.test(blob.type)
      ? undefined
      : blobUrl(blob);
  }

  async function styleSheet(url: string): Promise<string | undefined> {
    const blob = await load(url);
    if (blob === undefined) return undefined;
    const text = await blob.text();
    const references = [...text.matchAll(/url\(\s*(["']?)([^"')]+)\1\s*\)/g)]
      .map((match) => match[2] ?? '')
      .filter((one) => !/^(?:data|blob):|^#/.test(one) && URL.canParse(one, url));
    const loaded = new Map<string, string>();
    await Promise.all(
      [...new Set(references)].slice(0, MAX_REFERENCES).map(async (one) => {
        const { href } = new URL(one, url);
        const found = isOwn(href) ? await load(href).catch(() => undefined) : undefined;
        loaded.set(one, found === undefined ? href : blobUrl(found));
      }),
    );
    const changed = text.replace(/url\(\s*(["']?)([^"')]+)\1\s*\)/g, (whole, _, one: string) => {
      const target = loaded.get(one);
      return target === undefined ? whole : `url("${target}")`;
    });
    return blobUrl(new Blob([changed], { type: 'text/css' }));
  }

  return {
    watchEmbedded(realm) {
      const done = new WeakSet<Element>();
      const replace = (element: Element): void => {
        const isObject = element instanceof realm.HTMLObjectElement;
        if (done.has(element) || !(isObject || element instanceof realm.HTMLEmbedElement)) return;
        const property = isObject ? 'data' : 'src';
        const url = (element as unknown as Record<string, string>)[property] ?? '';
        if (url === '' || !isOwn(url)) return;
        done.add(element);
        const given = element.getAttribute(property) ?? '';
        const type = element.getAttribute('type');
        // Before its request is made: in Chromium an `<object>` that failed once stays so, and one of a known
        // type without an address fails as soon as it is laid out.
        element.removeAttribute(property);
        element.removeAttribute('type');
        void embedded(url)
          .catch(() => undefined)
          .then((found) => {
            if (type !== null) element.setAttribute('type', type);
            element.setAttribute(property, found ?? given);
          });
      };
      new realm.MutationObserver((records) => {
        for (const { addedNodes } of records) {
          for (const node of addedNodes) {
            if (node.nodeType !== 1) continue;
            replace(node as Element);
            for (const inner of (node as Element).querySelectorAll('object, embed')) replace(inner);
          }
        }
      }).observe(realm.document, { childList: true, subtree: true });
    },

    watchUncontrolled(realm) {
      const tried = new WeakSet<Element>();
      const isControlled = createControlCheck(realm);
      onEvent(realm, 'error', (event) => {
        const { target } = event;
        const isImage = target instanceof realm.HTMLImageElement;
        const isSheet =
          target instanceof realm.HTMLLinkElement && target.relList.contains('stylesheet');
        if (!isImage && !isSheet) return;
        const url = isImage ? target.src : target.href;
        if (tried.has(target) || !isOwn(url) || isControlled()) return;
        tried.add(target);
        event.stopImmediatePropagation();
        (isImage ? load(url).then((blob) => blob && blobUrl(blob)) : styleSheet(url))
          .catch(() => undefined)
          .then((found) => {
            if (found === undefined) target.dispatchEvent(new realm.Event('error'));
            else target.setAttribute(isImage ? 'src' : 'href', found);
          })
          .catch(() => undefined);
      });
    },
  };
}
