import type { Field } from '@postern/shared/protocol/http';
import { sealSetCookieField } from '../cookies/cookie-fields.ts';
import type { CookieOwner, CookieSealer } from '../cookies/seal.ts';
import { actsOnOurLayer, isHopByHop } from './field-names.ts';

/** What may be done with a `set-cookie` value; `undefined` drops it. */
type SealCookie = (value: string) => string | undefined;

/**
 * Turns the app's raw response fields (name, value, name, value, …) into those the browser
 * receives, in order, with the values of HttpOnly cookies sealed.
 */
export function buildResponseFields(
  raw: readonly (Buffer | string)[],
  owner: CookieOwner,
  sealer: CookieSealer,
  seal: SealCookie = (value) => sealSetCookieField(value, owner, sealer),
): Field[] {
  const fields = toFields(raw);
  const named = new Set(
    fields
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase())),
  );
  return fields
    .filter(([name]) => !isHopByHop(name) && !actsOnOurLayer(name) && !named.has(name))
    .flatMap(([name, value]): Field[] => {
      const kept = name === 'set-cookie' ? seal(value) : value;
      return kept === undefined ? [] : [[name, kept]];
    });
}

/** Pairs up a flat list; names become lower case, bytes are read as latin-1, without the white space around (RFC 9110 §5.5). */
function toFields(raw: readonly (Buffer | string)[]): Field[] {
  const text = raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
  const fields: Field[] = [];
  for (let index = 0; index + 1 < text.length; index += 2) {
    fields.push([
      (text[index] ?? '').toLowerCase(),
      (text[index + 1] ?? '').replace(/^[ \t]+|[ \t]+$/g, ''),
    ]);
  }
  return fields;
}
