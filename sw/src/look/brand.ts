/** Puts an operator's look into a document of ours: colours by the CSSOM, texts as text, the logo as an image. */
import { brandVariables, logoPath, type Branding } from '@postern/shared/branding';

/** Sets the colours. Custom properties set by script need no permission of the page's policy. */
export function applyColors(branding: Branding, page: Document): void {
  for (const [name, value] of brandVariables(branding))
    page.documentElement.style.setProperty(name, value);
}

/** Logo and name; `undefined` where the operator set neither. */
export function brandMark(branding: Branding, page: Document): HTMLElement | undefined {
  const { logo, name } = branding;
  if (logo === undefined && name === undefined) return undefined;
  const mark = page.createElement('p');
  mark.className = 'brand';
  if (logo !== undefined) {
    const image = page.createElement('img');
    // The name stands beside it.
    image.alt = '';
    image.src = logoPath(logo);
    mark.append(image);
  }
  mark.append(name ?? '');
  return mark;
}

/** Where to find help, for pages that tell of a problem; `undefined` where the operator said nothing. */
export function supportBox(
  { supportText, helpUrl }: Branding,
  helpWords: string,
  page: Document,
): HTMLElement | undefined {
  const isLink = helpUrl?.startsWith('https://') === true;
  if (supportText === undefined && !isLink) return undefined;
  const box = page.createElement('div');
  box.className = 'support';
  if (supportText !== undefined) {
    const text = page.createElement('p');
    text.textContent = supportText;
    box.append(text);
  }
  if (isLink) {
    const link = page.createElement('a');
    link.href = helpUrl;
    link.rel = 'noreferrer';
    link.textContent = helpWords;
    box.append(link);
  }
  return box;
}
