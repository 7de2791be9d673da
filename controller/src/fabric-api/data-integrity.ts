/**
 * Looks for what the database's own constraints cannot see: policies that name entities which are
 * not there. One run at a time; the last result stays until the next.
 */
import type { ControllerContext } from '../context.ts';
import type { Table } from '../model/table.ts';
import { repositories } from '../store/repositories.ts';
import type { Repository } from '../store/repository.ts';

const MAX_FINDINGS = 1000;

export interface Finding {
  readonly description: string;
  readonly fixed: boolean;
}

export interface IntegrityResults {
  readonly inProgress: boolean;
  readonly fixingErrors: boolean;
  readonly tooManyErrors: boolean;
  readonly startTime: string | null;
  readonly endTime: string | null;
  readonly error: string | null;
  readonly results: readonly Finding[];
}

export interface DataIntegrity {
  readonly results: IntegrityResults;
  /** Starts a run, unless one is under way: then it answers false. */
  start(fix: boolean): boolean;
}

type PolicyRepository = Repository<Table>;
const LISTS = [
  ['servicePolicies', 'identityRoles', 'identities'],
  ['servicePolicies', 'serviceRoles', 'services'],
  ['servicePolicies', 'postureCheckRoles', 'postureChecks'],
  ['edgeRouterPolicies', 'identityRoles', 'identities'],
  ['edgeRouterPolicies', 'edgeRouterRoles', 'edgeRouters'],
  ['serviceEdgeRouterPolicies', 'serviceRoles', 'services'],
  ['serviceEdgeRouterPolicies', 'edgeRouterRoles', 'edgeRouters'],
] as const;

const NEVER: IntegrityResults = {
  inProgress: false,
  fixingErrors: false,
  tooManyErrors: false,
  startTime: null,
  endTime: null,
  error: null,
  results: [],
};

export function createDataIntegrity({
  store,
  clock,
  logger,
}: Pick<ControllerContext, 'store' | 'clock' | 'logger'>): DataIntegrity {
  let results = NEVER;
  const now = (): string => new Date(clock()).toISOString();

  const run = async (fix: boolean): Promise<void> => {
    const findings: Finding[] = [];
    for (const [policies, member, targets] of LISTS) {
      const repository = repositories[policies] as unknown as PolicyRepository;
      await store.write(async (tx) => {
        const present = new Set((await repositories[targets].find(tx.db)).map(({ id }) => id));
        for (const policy of await repository.find(tx.db)) {
          const roles = policy[member] as string[];
          const dangling = roles.filter(
            (role) => role.startsWith('@') && !present.has(role.slice(1)),
          );
          if (dangling.length === 0) continue;
          const id = policy['id'] as string;
          if (findings.length < MAX_FINDINGS)
            findings.push({
              description: `${policies} ${id}: ${member} names ${dangling.join(', ')}, which does not exist`,
              fixed: fix,
            });
          else results = { ...results, tooManyErrors: true };
          if (fix)
            await repository.update(tx, id, {
              [member]: roles.filter((role) => !dangling.includes(role)),
            });
        }
      });
    }
    results = { ...results, results: findings };
  };

  return {
    get results() {
      return results;
    },
    start(fix) {
      if (results.inProgress) return false;
      results = { ...NEVER, inProgress: true, fixingErrors: fix, startTime: now() };
      run(fix)
        .catch((error: unknown) => {
          logger.error('database.integrityCheckFailed', { error });
          results = { ...results, error: 'the check failed: see the log' };
        })
        .finally(() => {
          results = { ...results, inProgress: false, endTime: now() };
        });
      return true;
    },
  };
}
