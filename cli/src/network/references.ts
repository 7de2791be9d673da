import { AppError } from '@postern/shared/errors';
import type { Row } from '../client/edge-client.ts';
import { memberAt, setMember } from '../entities/index.ts';
import type { PortableKind, Reference } from './portable.ts';

/** What a name or id of a kind becomes; `undefined` if there is none such. */
export type Translate = (to: string, from: string) => string | undefined;

/** A copy of an entity's members with every reference translated. @throws AppError `ERR_CLI_NETWORK` */
export function translateReferences(
  kind: PortableKind,
  name: string,
  values: Row,
  translate: Translate,
): Row {
  const copy = structuredClone(values);
  for (const reference of kind.references ?? []) {
    const value = memberAt(copy, reference.member);
    if (value === undefined || value === null || value === '') continue;
    setMember(
      copy,
      reference.member,
      translateValue(reference, value, (from) => {
        const to = translate(reference.to, from);
        if (to === undefined) {
          throw new AppError(
            'ERR_CLI_NETWORK',
            `${kind.key} "${name}": ${reference.member} names "${from}", which is not among ${reference.to}`,
          );
        }
        return to;
      }),
    );
  }
  return copy;
}

function translateValue(
  { form, part = '' }: Reference,
  value: unknown,
  one: (from: string) => string,
): unknown {
  switch (form) {
    case 'one':
      return one(String(value));
    case 'many':
      return (value as string[]).map(one);
    case 'roles':
      return (value as string[])
        .map((role) => (role.startsWith('@') ? `@${one(role.slice(1))}` : role))
        .sort();
    case 'each':
      return (value as Row[]).map((item) => ({ ...item, [part]: one(String(item[part])) }));
    case 'keys':
      return Object.fromEntries(
        Object.entries(value as Row).map(([key, member]) => [one(key), member]),
      );
  }
}
