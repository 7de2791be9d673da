import { entitySchemas, type EntityKind, type Snapshot } from '../../shared/src/schemas/index.ts';

/** A snapshot of nothing, at index 1 of the timeline `test`. */
export function emptySnapshot(): Snapshot {
  const kinds = Object.keys(entitySchemas) as EntityKind[];
  const entities = Object.fromEntries(kinds.map((kind) => [kind, []]));
  return { timeline: 'test', index: 1, entities: entities as unknown as Snapshot['entities'] };
}
