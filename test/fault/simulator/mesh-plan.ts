/** Who is where: routers and their groups, connectors and the routers they may use. */
import { Random } from '../../harness/random.ts';

export interface RouterPlan {
  readonly id: string;
  /** Only dials. */
  readonly isDark: boolean;
  readonly groups: readonly string[];
  readonly cost: number;
  readonly noTraversal: boolean;
}

export interface ConnectorPlan {
  readonly id: string;
  readonly serviceId: string;
  /** Routers it may use, in the order it tries them. */
  readonly homes: readonly string[];
}

export interface MeshPlan {
  readonly routers: readonly RouterPlan[];
  readonly connectors: readonly ConnectorPlan[];
  readonly services: readonly string[];
}

/** Connectors to a router, and connectors to a service. */
const CONNECTORS_PER_ROUTER = 10;
const HOSTS_PER_SERVICE = 20;

/**
 * Every fifth router accepts links and is in three groups, the others only dial and are in one or two: a
 * mesh of some ten links a router whatever its size.
 */
export function planMesh(count: number, random: Random): MeshPlan {
  const groups = Array.from({ length: Math.max(3, Math.round(count / 10)) }, (_, i) => `g${i}`);
  const some = <T>(items: readonly T[], wanted: number): T[] => {
    const chosen = new Set<T>();
    while (chosen.size < Math.min(wanted, items.length)) chosen.add(random.pick(items));
    return [...chosen];
  };
  const routers = Array.from({ length: count }, (_, i): RouterPlan => {
    const isDark = i % 5 !== 0;
    return {
      id: `r${String(i).padStart(4, '0')}`,
      isDark,
      groups: some(groups, isDark ? 1 + random.below(2) : 3),
      cost: random.chance(0.8) ? 0 : random.below(40),
      noTraversal: random.chance(0.05),
    };
  });
  const open = routers.filter(({ isDark }) => !isDark).map(({ id }) => id);
  const hosts = count * CONNECTORS_PER_ROUTER;
  const services = Array.from(
    { length: Math.ceil(hosts / HOSTS_PER_SERVICE) },
    (_, i) => `service-${i}`,
  );
  const connectors = Array.from({ length: hosts }, (_, i): ConnectorPlan => ({
    id: `host-${i}`,
    serviceId: services[i % services.length] ?? '',
    homes: some(open, 3),
  }));
  return { routers, connectors, services };
}

/** One way, 1–60 ms: the same for a pair always. */
export function latencyMs(a: string, b: string): number {
  let hash = 2_166_136_261;
  for (const character of a < b ? a + b : b + a)
    hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
  return 1 + new Random(hash).below(60);
}
