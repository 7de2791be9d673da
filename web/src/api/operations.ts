/** What the API's own description says of its operations: who may call them, and what they take. */
import description from './operations.gen.json';

/** A JSON Schema as forms are made of it. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly default?: unknown;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly const?: unknown;
}

/** `get /identities/{id}` */
export type Operation = `${'get' | 'post' | 'put' | 'patch' | 'delete'} /${string}`;

const access = description.access as Readonly<Record<string, string>>;
const bodies = description.bodies as Readonly<Record<string, Schema>>;

/** What the operation asks of its caller; `undefined`: there is no such operation. */
export function accessOf(operation: Operation): string | undefined {
  return Object.hasOwn(access, operation) ? access[operation] : undefined;
}

/** Schema of the body an operation takes. */
export function bodyOf(operation: Operation): Schema | undefined {
  return Object.hasOwn(bodies, operation) ? bodies[operation] : undefined;
}
