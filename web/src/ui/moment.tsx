const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A time of the API, in the reader's zone. */
export function Moment({ at }: { at: string }) {
  const ms = Date.parse(at);
  return <time dateTime={at}>{Number.isNaN(ms) ? at : format.format(ms)}</time>;
}
