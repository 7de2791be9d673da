/** `postern fabric path` and `traceroute`: ways that a dial would take, and one that a circuit takes. */
import type { InspectionOf } from '@postern/shared/schemas';
import type { Column } from '../entities/index.ts';
import { milliseconds } from './units.ts';

type Way = InspectionOf<'path'>['ways'][number];
type Hop = InspectionOf<'traceroute'>['hops'][number];

const ofWay = (value: (way: Way) => unknown): Column['value'] => {
  return (row) => value(row as unknown as Way);
};

/** Columns for ways from the router of that name. */
export function wayColumns(from: string): readonly Column[] {
  return [
    { title: 'taken', value: 'isChosen' },
    { title: 'terminator', value: 'terminatorId' },
    { title: 'host', value: 'host.name' },
    { title: 'precedence', value: 'precedence' },
    { title: 'cost', value: ofWay(totalCost) },
    { title: 'of path', value: ofWay(({ pathCost }) => pathCost?.toFixed(1)) },
    { title: 'path', value: ofWay((way) => describe(from, way)) },
  ];
}

const totalCost = ({ pathCost, terminatorCost }: Way): string =>
  pathCost === undefined ? '' : (pathCost + terminatorCost).toFixed(1);

/** Such as `r1 → r2 (1.20 ms, cost 2.2) → r3 (4.00 ms, cost 15.0)`. */
function describe(from: string, { hops, pathCost, router }: Way): string {
  if (pathCost === undefined) return `no path to ${router.name}`;
  const steps = hops.map(
    (hop) => `${hop.router.name} (${milliseconds(hop.latencyMs)}, cost ${hop.cost.toFixed(1)})`,
  );
  return [from, ...steps].join(' → ');
}

export const hopColumns: readonly Column[] = [
  { title: 'hop', value: 'hop' },
  { title: 'kind', value: 'kind' },
  { title: 'id', value: 'id' },
  { title: 'name', value: 'name' },
  { title: 'round trip', value: 'roundTrip' },
  { title: 'this hop', value: 'thisHop' },
];

/** Rows of a traceroute: what each hop adds is the difference to the last that answered. */
export function hopRows(hops: readonly Hop[]): Record<string, unknown>[] {
  let before = 0;
  return hops.map(({ kind, id, name, roundTripMs }, hop) => {
    const added = roundTripMs === undefined ? undefined : Math.max(0, roundTripMs - before);
    before = roundTripMs ?? before;
    const roundTrip = roundTripMs === undefined ? 'no answer' : milliseconds(roundTripMs);
    return { hop, kind, id, name, roundTrip, thisHop: milliseconds(added) };
  });
}
