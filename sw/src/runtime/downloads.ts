/**
 * `<a download>`: Chromium asks the network for it and not the worker, Firefox makes it look like any
 * navigation. So a frame nobody sees loads the address, with a fragment by which the worker knows
 * that the answer shall become a file. It streams to disk like any download.
 */
import { formatDownload } from '../messages/request-tag.ts';
import { intercept } from './native-look.ts';

/** A download that began does not need its frame any more. */
const FRAME_LIFE_MS = 60_000;

export function interceptDownloads(isControlled: () => boolean): void {
  const onClick = (event: Event): void => {
    const [target] = event.composedPath();
    const anchor = target instanceof Element ? target.closest('a[download]') : null;
    if (event.defaultPrevented || !(anchor instanceof HTMLAnchorElement) || !isControlled()) return;
    const url = new URL(anchor.href, document.baseURI);
    if (url.origin !== location.origin) return;
    event.preventDefault();
    start(url, anchor.download);
  };
  addEventListener('click', onClick);
  // Clicks on an anchor outside the document reach no other listener.
  intercept(HTMLElement.prototype, 'click', (native, self, args) => {
    const element = self as HTMLElement;
    if (element.isConnected) return Reflect.apply(native, self, args);
    element.addEventListener('click', onClick);
    try {
      return Reflect.apply(native, self, args);
    } finally {
      element.removeEventListener('click', onClick);
    }
  });
}

function start(url: URL, name: string): void {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  url.hash = formatDownload(name);
  frame.src = url.href;
  document.documentElement.append(frame);
  setTimeout(() => frame.remove(), FRAME_LIFE_MS);
}
