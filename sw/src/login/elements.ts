/** Makes an element from properties and children. Text stays text: nothing is parsed as HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<Omit<HTMLElementTagNameMap[K], 'attributes'>> & {
    attributes?: Readonly<Record<string, string>>;
  } = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const { attributes = {}, ...own } = properties;
  const made = document.createElement(name);
  Object.assign(made, own);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
