/** Roles of which the entity lacks all (AnyOf) or some (AllOf); `undefined` when the list holds it. */
export function missingRoles(
  { id, roleAttributes }: { id: string; roleAttributes: readonly string[] },
  roles: readonly string[],
  semantic: 'AllOf' | 'AnyOf',
): string[] | undefined {
  if (roles.includes('#all') || roles.includes(`@${id}`)) return undefined;
  const wanted = roles.filter((role) => role.startsWith('#'));
  const lacking = wanted.filter((role) => !roleAttributes.includes(role.slice(1)));
  const isHeld = semantic === 'AllOf' ? lacking.length === 0 : lacking.length < wanted.length;
  return isHeld && wanted.length > 0 ? undefined : lacking;
}
