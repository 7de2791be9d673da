/** Which way a dial from this router would take: all terminators of a service, with what each costs. */
import type { InspectionOf } from '@postern/shared/schemas';
import { MAX_INSPECTED_ROWS } from '@postern/shared/schemas';
import type { Access } from '../circuits/access.ts';
import type { BindTable } from '../circuits/bind-table.ts';
import type { Path } from '../circuits/path.ts';
import type { TerminatorCandidate } from '../circuits/terminators.ts';
import type { Topology } from '../circuits/topology.ts';
import type { RouterState } from '../state/router-state.ts';
import type { Names } from './names.ts';

type Way = InspectionOf<'path'>['ways'][number];

interface WaysDeps {
  readonly routerId: string;
  readonly state: RouterState;
  readonly binds: BindTable;
  readonly access: Access;
  readonly topology: Topology;
  readonly names: Names;
}

const CLASS = { required: 0, default: 1, failed: 2 } as const;

/**
 * Terminators that policy lets be hosts, the cheapest of the best precedence first. What one caller's grant or
 * policies leave out is not looked at.
 */
export function waysTo(deps: WaysDeps, serviceId: string): InspectionOf<'path'> {
  const { names } = deps;
  const ways = terminatorsOf(deps, serviceId)
    .map((terminator) => wayOf(deps, terminator))
    .sort((a, b) => rank(a) - rank(b) || totalOf(a) - totalOf(b));
  const best = ways[0];
  const chosen = ways.filter(
    (way) =>
      best?.pathCost !== undefined && rank(way) === rank(best) && totalOf(way) === totalOf(best),
  );
  for (const way of chosen) way.isChosen = true;
  return {
    value: 'path',
    service: names.service(serviceId),
    ways: ways.slice(0, MAX_INSPECTED_ROWS),
    total: ways.length,
  };
}

function terminatorsOf(
  { binds, state, access, routerId }: WaysDeps,
  serviceId: string,
): TerminatorCandidate[] {
  const here = [...binds.values()].filter((bind) => bind.serviceId === serviceId);
  const elsewhere = [...state.terminatorsOf(serviceId)].filter((one) => one.routerId !== routerId);
  return [...here, ...elsewhere].filter(({ hostId }) => access.mayHost(hostId, serviceId));
}

function wayOf({ topology, names, routerId }: WaysDeps, terminator: TerminatorCandidate): Way {
  const path = topology.pathTo(terminator.routerId);
  return {
    terminatorId: terminator.id,
    host: names.identity(terminator.hostId),
    router: names.router(terminator.routerId),
    precedence: terminator.precedence,
    terminatorCost: terminator.cost,
    ...(path !== undefined && { pathCost: path.cost }),
    hops: path === undefined ? [] : hopsOf(topology, names, routerId, path),
    isChosen: false,
  };
}

function hopsOf(topology: Topology, names: Names, from: string, { hops }: Path): Way['hops'] {
  return hops.map((id, at) => {
    const before = hops.slice(0, at);
    const costBefore = topology.costOf([from, ...before]) ?? 0;
    const cost = (topology.costOf([from, ...before, id]) ?? costBefore) - costBefore;
    const latencyMs = topology.latencyMs(before.at(-1) ?? from, id) ?? 0;
    return { router: names.router(id), latencyMs, cost: Math.max(0, cost) };
  });
}

/** Unreachable ones come after all others. */
const rank = ({ pathCost, precedence }: Way): number =>
  pathCost === undefined ? 3 : CLASS[precedence];
const totalOf = ({ pathCost = 0, terminatorCost }: Way): number => pathCost + terminatorCost;
