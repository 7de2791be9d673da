/** What a catalogue of another language must be: the keys of the English one, with any text. */
export type Catalogue<English> = {
  readonly [Key in keyof English]: English[Key] extends string ? string : Catalogue<English[Key]>;
};

/** Nothing a person writes or is called is ever markup: what comes out is text. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : place,
  );
}

/** `key.key{place}{place}` of each text: what catalogues of all languages have to have in common. */
export function outline(catalogue: object, prefix = ''): string[] {
  return Object.entries(catalogue)
    .flatMap(([key, value]: [string, unknown]) => {
      if (typeof value === 'object' && value !== null) return outline(value, `${prefix}${key}.`);
      const places = typeof value === 'string' ? (value.match(/\{\w+\}/g) ?? []) : ['(no text)'];
      return [prefix + key + [...places].sort().join('')];
    })
    .sort();
}
