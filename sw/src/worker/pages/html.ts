/** Building pages without ever letting text become markup. */

/** Markup made by {@link html}; nothing else is written unescaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Template tag: values are escaped unless they are {@link Markup}. */
export function html(parts: TemplateStringsArray, ...values: (string | number | Markup)[]): Markup {
  const escaped = values.map((value) =>
    value instanceof Markup ? value.text : escape(String(value)),
  );
  return new Markup(parts.reduce((text, part, index) => text + (escaped[index - 1] ?? '') + part));
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}
