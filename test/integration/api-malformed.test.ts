/**
 * Malformed and boundary requests at every operation that the OpenAPI documents name: no answer
 * is a fault of the controller, and none is outside what the document says.
 *
 * POSTERN_FUZZ_REQUESTS (5,000) and POSTERN_FUZZ_SEED say how many, and which; docs/api.md has the
 * command of the whole run of 20,000.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AnswerJudge } from '../harness/answer-judge.ts';
import {
  CLIENT,
  FABRIC,
  MANAGEMENT,
  startEdgeController,
  type EdgeController,
  type OpenApi,
} from '../harness/edge-controller.ts';
import {
  isStream,
  RequestGenerator,
  targetsOf,
  type GeneratedRequest,
} from '../harness/request-generator.ts';
import { Random } from '../harness/random.ts';

const REQUESTS = Number(process.env['POSTERN_FUZZ_REQUESTS'] ?? 5000);
const SEED = Number(process.env['POSTERN_FUZZ_SEED'] ?? 20_261_122);
const PARALLEL = 16;
const ROUND = 1000;

/** Told apart from faults: `/controller-settings` is documented to be 501. */
const isFault = (status: number): boolean => status >= 500 && status !== 501;

let edge: EdgeController;
const faults = new Set<string>();
beforeAll(async () => {
  edge = await startEdgeController({
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (event, fields) =>
        void faults.add(
          `${event} ${String(fields?.['path'])} ${String(
            (fields?.['error'] as Error | undefined)?.stack,
          )
            .split('\n')
            .slice(0, 4)
            .join('\n')}`,
        ),
      child() {
        return this;
      },
    },
  });
});
afterAll(() => edge.dispose());

it(`survives ${REQUESTS} requests`, { timeout: 600_000 }, async () => {
  const documents = new Map<string, OpenApi>();
  for (const base of [MANAGEMENT, CLIENT, FABRIC]) {
    const document = await edge.document(base);
    if (typeof document === 'object' && 'paths' in document) documents.set(base, document);
  }
  expect(documents.has(MANAGEMENT) && documents.has(CLIENT)).toBe(true);
  const judge = new AnswerJudge(documents);
  const random = new Random(SEED);
  const generator = new RequestGenerator(random, documents);
  const targets = [...documents]
    .flatMap(([base, document]) => targetsOf(base, document))
    .filter((target) => !isStream(target));
  const problems: string[] = [];
  const tallies = new Map<number, number>();
  let admin = edge.admin;

  const send = async (request: GeneratedRequest, token: string | undefined): Promise<void> => {
    const { target, url, headers, body } = request;
    const answer = await edge
      .call(target.method, url, { token, headers, body })
      .catch((error: unknown) => String(error));
    if (typeof answer === 'string') {
      problems.push(`${target.method} ${url} ${JSON.stringify(headers)} → ${answer}`);
      return;
    }
    tallies.set(answer.status, (tallies.get(answer.status) ?? 0) + 1);
    const problem = isFault(answer.status)
      ? `fault: ${answer.text}`
      : judge.problem(target, answer);
    if (problem !== undefined)
      problems.push(
        `${target.method} ${url} ${String(body).slice(0, 300)} → ${answer.status} ${problem} ${answer.text.slice(0, 300)}`,
      );
  };

  for (let done = 0; done < REQUESTS && problems.length < 50; done += ROUND) {
    const round = await material(done);
    generator.ids = round.ids;
    admin = round.admin;
    const requests = Array.from({ length: Math.min(ROUND, REQUESTS - done) }, () => {
      const target = random.pick(targets);
      const request = generator.generate(target);
      // What a session does to itself is not for the administrator's.
      const own = /^\/(current-|authenticate)/.test(target.path);
      const who = random.next();
      const token =
        own || who > 0.9 ? round.user : who > 0.87 ? undefined : who > 0.85 ? 'x' : admin;
      return { request, token };
    });
    await inParallel(requests, ({ request, token }) => send(request, token));
  }

  expect([...faults].slice(0, 20).join('\n')).toBe('');
  expect(problems.slice(0, 20).join('\n')).toBe('');
  expect([...tallies.values()].reduce((sum, one) => sum + one, 0)).toBe(REQUESTS);
  // Requests that come to nothing would prove nothing.
  expect(tallies.get(200) ?? 0).toBeGreaterThan(REQUESTS / 20);
  expect(tallies.get(400) ?? 0).toBeGreaterThan(REQUESTS / 20);
});

/** New entities for the requests of a round to hit, since those before may be gone. */
async function material(round: number) {
  const probe = await edge.call('GET', `${MANAGEMENT}/current-identity`, { token: edge.admin });
  expect(probe.status, probe.text).toBe(200);
  const name = (what: string): string => `${what}-${round}`;
  const { id: userId, token: user } = await edge.createUser(name('user'));
  const serviceId = await edge.create('/services', {
    name: name('service'),
    encryptionRequired: true,
    roleAttributes: ['a'],
  });
  const configId = await edge.create('/configs', {
    name: name('config'),
    configTypeId: 'g7cIWbcGg',
    data: { protocols: ['tcp'], addresses: ['a.example'], portRanges: [{ low: 80, high: 80 }] },
  });
  const ids = [
    userId,
    serviceId,
    configId,
    'g7cIWbcGg',
    'nope',
    await edge.create('/identities', { name: name('victim'), type: 'User', isAdmin: false }),
    await edge.create('/edge-routers', { name: name('router'), roleAttributes: ['a'] }),
    await edge.create('/transit-routers', { name: name('transit') }),
    await edge.create('/service-policies', {
      name: name('dial'),
      type: 'Dial',
      semantic: 'AnyOf',
      identityRoles: [`@${userId}`],
      serviceRoles: [`@${serviceId}`],
    }),
    await edge.create('/edge-router-policies', {
      name: name('erp'),
      semantic: 'AnyOf',
      identityRoles: ['#all'],
      edgeRouterRoles: ['#all'],
    }),
    await edge.create('/service-edge-router-policies', {
      name: name('serp'),
      semantic: 'AnyOf',
      serviceRoles: ['#all'],
      edgeRouterRoles: ['#all'],
    }),
  ];
  return { ids, user, admin: edge.admin };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
    }),
  );
}
