import { element } from './elements.ts';

interface Question {
  title: string;
  text: string;
  action: string;
  cancel: string;
}

/** Asks before something that cannot be undone. False for "no", Escape, and a dialog closed any other way. */
export function confirmDialog({ title, text, action, cancel }: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const heading = element('h2', { id: 'question', textContent: title });
    const close = (value: string) => () => dialog.close(value);
    const dialog = element(
      'dialog',
      {
        attributes: { 'aria-labelledby': heading.id },
        onclose: () => {
          dialog.remove();
          resolve(dialog.returnValue === 'yes');
        },
      },
      heading,
      element('p', { textContent: text }),
      element(
        'div',
        { className: 'methods' },
        // First, so that it has the focus: the harmless answer.
        element('button', {
          type: 'button',
          className: 'plain',
          textContent: cancel,
          onclick: close('no'),
        }),
        element('button', { type: 'button', textContent: action, onclick: close('yes') }),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
