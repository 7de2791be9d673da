/**
 * Frames and popups without an address of their own (`about:blank`, `document.write`, `blob:`,
 * `javascript:`, `srcdoc`): no response of the worker brings the runtime there, and in Chromium most
 * are not under the worker at all. They get this page's functions as soon as script can reach them.
 */
import { createElementFetcher, onEvent, REOPENING } from './elements.ts';
import { intercept } from './native-look.ts';

/** Constructors and functions that a frame takes over from the page. */
const SHARED = ['fetch', 'XMLHttpRequest', 'EventSource', 'WebSocket', 'cookieStore'] as const;
const FRAMES = ['HTMLIFrameElement', 'HTMLFrameElement', 'HTMLObjectElement'] as const;

type Realm = Window & typeof globalThis;

/**
 * @param marker property that tells a window which has the runtime
 * @param page the window whose functions are given on
 */
export function adoptFrames(page: Realm, marker: symbol): void {
  const elements = createElementFetcher(page.location.origin, page.fetch.bind(page));
  elements.watchEmbedded(page);
  watch(page);

  function adopt(candidate: Window | null): void {
    const child = candidate as Realm | null;
    if (child === null || !isBlank(child) || marker in child) return;
    const undo: (() => void)[] = [];
    const release = (): void => {
      for (const restore of undo.reverse()) restore();
    };
    remember(undo, child, marker);
    Object.defineProperty(child, marker, { configurable: true, value: adopted(release) });
    for (const name of SHARED) {
      const descriptor = Object.getOwnPropertyDescriptor(page, name);
      if (descriptor === undefined) continue;
      remember(undo, child, name);
      Object.defineProperty(child, name, descriptor);
    }
    const cookie = Object.getOwnPropertyDescriptor(page.Document.prototype, 'cookie');
    remember(undo, child.Document.prototype, 'cookie');
    if (cookie !== undefined) Object.defineProperty(child.Document.prototype, 'cookie', cookie);
    remember(undo, child.Navigator.prototype, 'sendBeacon');
    // Called on the frame it would be the frame's request, and go past the worker.
    intercept(child, 'fetch', (native, _self, args) => Reflect.apply(native, page, args));
    intercept(child.Navigator.prototype, 'sendBeacon', (_native, _self, args) =>
      page.navigator.sendBeacon(...(args as Parameters<Navigator['sendBeacon']>)),
    );
    for (const method of REOPENING) remember(undo, child.Document.prototype, method);
    elements.watchEmbedded(child);
    elements.watchUncontrolled(child);
    watch(child, undo);
  }

  function watch(realm: Realm, undo: (() => void)[] = []): void {
    for (const name of FRAMES) {
      const { prototype } = realm[name];
      for (const property of ['contentWindow', 'contentDocument'] as const) {
        remember(undo, prototype, property);
        intercept(prototype, property, (native, self, args) => {
          const found = Reflect.apply(native, self, args) as Window | Document | null;
          adopt(found !== null && 'defaultView' in found ? found.defaultView : found);
          return found;
        });
      }
    }
    remember(undo, realm, 'open');
    intercept(realm, 'open', (native, self, args) => {
      const opened = Reflect.apply(native, self, args) as Window | null;
      adopt(opened);
      return opened;
    });
    // Script that has the window by another way (`frames[0]`, inside the frame) gets it a moment later.
    new realm.MutationObserver((records) => {
      for (const { addedNodes } of records) for (const node of addedNodes) adoptIn(node);
    }).observe(realm.document, { childList: true, subtree: true });
    onEvent(realm, 'load', ({ target }) => adoptElement(target));
  }

  function adoptIn(node: Node): void {
    adoptElement(node);
    if (node.nodeType !== 1) return;
    for (const frame of (node as Element).querySelectorAll('iframe, frame')) adoptElement(frame);
  }

  /** The getter does it. */
  function adoptElement(target: unknown): unknown {
    const isFrame = typeof target === 'object' && target !== null && 'contentWindow' in target;
    return isFrame ? target.contentWindow : undefined;
  }
}

/**
 * What marks an adopted window. Chromium keeps the window of a frame's first, empty document for the first
 * real one of the same origin (HTML §7.4.2.1), which brings a runtime of its own: that takes back first what
 * was lent.
 */
const adopted = (release: () => void): object => Object.freeze({ version: 1, release });

/** Gives a window back to its own runtime; true if there is nothing, or no more, of another one in it. */
export function releaseAdopted(window: object, marker: symbol): boolean {
  const found = (window as Record<symbol, { release?: () => void } | undefined>)[marker];
  found?.release?.();
  return !(marker in window);
}

function remember(undo: (() => void)[], target: object, name: PropertyKey): void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  undo.push(() => {
    if (before === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, before);
  });
}

/** A document of this origin that did not come over the network. */
function isBlank(realm: Realm): boolean {
  try {
    return /^(?:about|blob|javascript):/.test(realm.location.href) && 'Document' in realm;
  } catch {
    // Another origin.
    return false;
  }
}
