/** What two runs of the same cases saw differently. */

export type Outcome = { value: unknown } | { error: string };
export type Outcomes = Record<string, Outcome>;

/** Name of the case, with the property after ` › ` where it returned an object. */
export type Differences = Record<string, { direct: unknown; gateway: unknown }>;

/** Cases that fail without the gateway: they say nothing. */
export function brokenCases(direct: Outcomes): Record<string, string> {
  return Object.fromEntries(
    Object.entries(direct).flatMap(([name, outcome]) =>
      'error' in outcome ? [[name, outcome.error]] : [],
    ),
  );
}

export function differencesOf(direct: Outcomes, gateway: Outcomes): Differences {
  const found: Differences = {};
  for (const [name, before] of Object.entries(direct)) {
    if ('error' in before) continue;
    const after = gateway[name] ?? { error: 'did not run' };
    const got = 'error' in after ? `fails: ${after.error}` : after.value;
    if (!isRecord(before.value) || !isRecord(got)) {
      note(name, before.value, got);
      continue;
    }
    for (const key of new Set([...Object.keys(before.value), ...Object.keys(got)])) {
      note(`${name} › ${key}`, before.value[key], got[key]);
    }
  }
  return found;

  function note(name: string, left: unknown, right: unknown): void {
    if (JSON.stringify(left) !== JSON.stringify(right)) {
      found[name] = { direct: left ?? null, gateway: right ?? null };
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
