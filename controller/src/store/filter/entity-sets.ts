/** Sets of entities by which others may be filtered: those a list of ids names, those roles name. */
import { sql } from 'kysely';
import type { Dialect, Sql } from '../dialect.ts';
import type { EntitySet, SymbolTable } from './symbols.ts';

/** The entities whose ids are in the JSON array `column`. */
export function listedEntities(column: string, target: () => SymbolTable): EntitySet {
  return {
    target,
    holds: (member, owner, dialect) =>
      sql`${sql.ref(`${member}.id`)} in (select ${sql.ref('listed.value')} from ${dialect.elements(sql.ref(`${owner}.${column}`), 'listed')})`,
  };
}

/**
 * The entities that the roles in `column` name (specs/edge-api.md §4.1): `#all`, `@id`, and
 * `#attribute`, of which the owner's `semantic` asks for all or for one.
 */
export function entitiesInRoles(column: string, target: () => SymbolTable): EntitySet {
  return {
    target,
    holds: (member, owner, dialect) => {
      const roles = dialect.elements(sql.ref(`${owner}.${column}`), 'role');
      const role = sql.ref('role.value');
      const named = sql`${role} in ('#all', '@' || ${sql.ref(`${member}.id`)})`;
      const isAttribute = sql`substr(${role}, 1, 1) = '#'`;
      const has = hasAttribute(member, sql`substr(${role}, 2)`, dialect);
      const any = sql`exists (select 1 from ${roles} where ${isAttribute} and ${has})`;
      const missing = sql`exists (select 1 from ${roles} where ${isAttribute} and not ${has})`;
      const semantic = sql.ref(`${owner}.semantic`);
      return sql`(exists (select 1 from ${roles} where ${named}) or (${any} and (${semantic} = 'AnyOf' or not ${missing})))`;
    },
  };
}

function hasAttribute(member: string, attribute: Sql, dialect: Dialect): Sql {
  const attributes = dialect.elements(sql.ref(`${member}.roleAttributes`), 'attribute');
  return sql`${attribute} in (select ${sql.ref('attribute.value')} from ${attributes})`;
}
