/**
 * `POST /fabric/v1/inspections`: named values of controllers and routers, for finding faults. Values of routers
 * whose names begin with `live-`, `path:` or `traceroute:` are asked of the router; others are what it reported.
 */
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { RouterQuestion } from '../control/router-questions.ts';
import type { ControllerContext } from '../context.ts';
import { detail } from '../edge-api/envelope.ts';
import { detailOf } from '../edge-api/responses.ts';
import type { EdgeRoutes } from '../edge-api/routes.ts';
import { repositories } from '../store/repositories.ts';
import { linksOf } from './links.ts';
import { inspectionSchema } from './schemas.ts';

const MAX_VALUES = 1000;

const body = z.object({
  /** Id or name of a controller or router; `.*` at either end stands for anything. */
  appRegex: z.string().min(1).max(256),
  requestedValues: z.array(z.string().min(1).max(96)).min(1).max(32),
});

/** Something that can be asked, and what it can be asked for. */
interface App {
  readonly id: string;
  readonly name: string;
  readonly values: Readonly<Record<string, () => unknown>>;
  /** Asks itself; routers only. Rejects with AppError when there is no answer. */
  readonly ask?: (question: RouterQuestion) => Promise<unknown>;
}

export function addInspectionRoute(routes: EdgeRoutes, ctx: ControllerContext): void {
  routes.add(
    {
      method: 'post',
      path: '/inspections',
      access: 'ops.read',
      summary:
        'Values of controllers, and of routers as they reported them or, for `live-…`, `path:…` and `traceroute:…`, say now; `appRegex` is an id or name, with `.*` at its ends at most',
      body,
      response: detailOf(inspectionSchema),
    },
    async (request) => {
      const { appRegex, requestedValues } = request.body;
      const matches = patternOf(appRegex);
      const apps = (await knownApps(ctx)).filter(({ id, name }) => matches(id) || matches(name));
      const asked = apps.flatMap((app) => requestedValues.map((name) => ({ app, name })));
      const answers = await Promise.all(
        asked.slice(0, MAX_VALUES).map(({ app, name }) => answerOf(app, name)),
      );
      const values = answers.filter((answer) => 'value' in answer);
      const errors = [
        ...(apps.length === 0 ? [`no controller or router matches ${appRegex}`] : []),
        ...(asked.length > MAX_VALUES ? [`more than ${MAX_VALUES} values were asked for`] : []),
        ...answers.flatMap((answer) => ('error' in answer ? [answer.error] : [])),
      ];
      return detail({ success: errors.length === 0, errors, values });
    },
  );
}

type Answered = { appId: string; name: string; value: unknown } | { error: string };

async function answerOf({ id: appId, values, ask }: App, name: string): Promise<Answered> {
  const read = Object.hasOwn(values, name) ? values[name] : undefined;
  if (read) return { appId, name, value: read() };
  const question = questionOf(name);
  if (!ask || !question) return { error: `${appId} has no value ${name}` };
  try {
    return { appId, name, value: await ask(question) };
  } catch (error) {
    return { error: `${appId} did not answer ${name}: ${(error as AppError).message}` };
  }
}

/** What a name asks of a router: `live-circuits`, `live-links`, `path:SERVICE`, `traceroute:CIRCUIT`. */
function questionOf(name: string): RouterQuestion | undefined {
  if (name === 'live-circuits') return { value: 'circuits' };
  if (name === 'live-links') return { value: 'links' };
  const [, value, of] = /^(path|traceroute):([\w.:-]{1,64})$/.exec(name) ?? [];
  return value === undefined || of === undefined
    ? undefined
    : { value: value as 'path' | 'traceroute', of };
}

/** No regular expression of a client's is run: `.*` at the ends is all there is of it. */
function patternOf(appRegex: string): (text: string) => boolean {
  const open = appRegex.startsWith('.*');
  const rest = open ? appRegex.slice(2) : appRegex;
  const ended = rest.endsWith('.*');
  const core = ended ? rest.slice(0, -2) : rest;
  if (open && ended) return (text) => text.includes(core);
  if (open) return (text) => text.endsWith(core);
  if (ended) return (text) => text.startsWith(core);
  return (text) => text === core;
}

async function knownApps({ store, live, policy, clock }: ControllerContext): Promise<App[]> {
  const routers = await repositories.edgeRouters.find(store.db);
  const controllers = await repositories.controllers.find(store.db);
  const links = linksOf(routers);
  return [
    ...controllers.map(({ id, name, seenAt }) => ({
      id,
      name,
      values: {
        'connected-routers': () => routers.filter((one) => one.isOnline).map((one) => one.id),
        links: () =>
          links.map((link) => ({ id: link.id, ends: [link.source.id, link.destination.id] })),
        circuits: () => live.network.circuits(),
        'router-data-model-index': () => ({
          timeline: store.changes.timeline,
          index: store.changes.index,
        }),
        'last-seen': () => ({ at: seenAt, now: new Date(clock()).toISOString() }),
      },
    })),
    ...routers.map((router) => ({
      id: router.id,
      name: router.name,
      ask: async (question: RouterQuestion) => {
        const answer = await live.network.ask(router.id, question);
        if (answer.value === 'failed') throw new AppError('ERR_INSPECT_FAILED', answer.message);
        return answer;
      },
      values: {
        status: () => ({
          isOnline: router.isOnline,
          edgeUrls: router.edgeUrls,
          fabricAddresses: router.fabricAddresses,
          disabled: policy.entity('router', router.id)?.disabled ?? true,
        }),
        links: () => router.links,
        circuits: () => live.network.circuits().filter(({ routerId }) => routerId === router.id),
      },
    })),
  ];
}
