/**
 * The dialog that asks for a new sign-in when a session ended during work. It stands in a closed shadow
 * root above the page and holds no secret: one signs in in a window of its own, on the login origin.
 */
import type { WorkerLink } from './worker-link.ts';

const SIGN_IN_PATH = '/.postern/sign-in';
const WINDOW_FEATURES = 'popup,width=520,height=720';

const STYLE = `
dialog { border: 1px solid #d8dee4; border-radius: 12px; padding: 24px; max-width: 26rem; color: #1b1f24; background: #fff; font: 16px/1.5 system-ui, sans-serif; }
dialog::backdrop { background: rgb(0 0 0 / .4); }
h1 { margin: 0; font-size: 1.25rem; }
p { margin: 12px 0 20px; }
button { padding: 8px 16px; border: 1px solid #d8dee4; border-radius: 8px; background: none; color: inherit; font: inherit; cursor: pointer; }
button.first { margin-right: 8px; border-color: #0b5cad; background: #0b5cad; color: #fff; font-weight: 600; }
@media (prefers-color-scheme: dark) { dialog { color: #e6e8eb; background: #1d2126; border-color: #30363d; } button { border-color: #30363d; } }
`;

export function installSignInDialog(link: WorkerLink): void {
  // The page may replace its own later.
  const open = window.open.bind(window);
  let close: (() => void) | undefined;
  link.listen(({ type }) => {
    if (type === 'postern.signed-in') close?.();
    // A frame leaves it to the page around it.
    if (type === 'postern.sign-in' && window.top === window) close ??= show();
  });

  function show(): () => void {
    const host = document.createElement('div');
    const root = host.attachShadow({ mode: 'closed' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const dialog = element('dialog');
    const title = element('h1', 'You are signed out');
    title.id = 'title';
    dialog.setAttribute('aria-labelledby', title.id);
    const signIn = element('button', 'Sign in');
    signIn.className = 'first';
    signIn.addEventListener('click', () => void open(SIGN_IN_PATH, '_blank', WINDOW_FEATURES));
    const decline = element('button', 'Not now');
    decline.addEventListener('click', () => dialog.close());
    const text = 'Sign in again to go on. This page stays as it is, and what it waits for goes on.';
    dialog.append(title, element('p', text), signIn, decline);
    root.append(dialog);
    document.documentElement.append(host);
    let isDone = false;
    dialog.addEventListener('close', () => {
      host.remove();
      close = undefined;
      if (!isDone) link.send({ type: 'postern.sign-in-declined' });
    });
    dialog.showModal();
    return () => {
      isDone = true;
      dialog.close();
    };
  }
}

function element<Name extends 'dialog' | 'h1' | 'p' | 'button'>(
  name: Name,
  text = '',
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
