import type { Command } from 'commander';
import type { EdgeClient, Row } from '../client/edge-client.ts';
import { resolveId } from '../client/resolve.ts';
import { examples } from '../commands/option-forms.ts';
import { kindAt, memberAt } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

const identities = kindAt('identities');
const services = kindAt('services');

/** `postern edge policy-advisor`: which identity may use which service, and what is missing. */
export function addPolicyAdvisor(edge: Command, terminal: Terminal): void {
  const advisor = edge
    .command('policy-advisor')
    .description('Why an identity can or cannot use a service')
    .addHelpText(
      'after',
      examples(
        'postern edge policy-advisor identities ann wiki',
        'postern edge policy-advisor services',
      ),
    );
  const add = (word: 'identities' | 'services', first: string, second: string) =>
    withSession(
      advisor
        .command(word)
        .description(`for ${word}: all of them, one, or one and a ${second}`)
        .argument(`[${first}]`, 'id or name')
        .argument(`[${second}]`, 'id or name')
        .option('-q, --quiet', 'only pairs that do not work'),
    );
  add('identities', 'identity', 'service').action(
    async (identity: string | undefined, service: string | undefined, flags: AdvisorFlags) => {
      await withClient(terminal, flags, async (client) => {
        for await (const identityId of chosen(client, 'identities', identity)) {
          const path = `identities/${identityId}/services`;
          await advise(client, terminal, flags, identityId, service, path);
        }
      });
    },
  );
  add('services', 'service', 'identity').action(
    async (service: string | undefined, identity: string | undefined, flags: AdvisorFlags) => {
      await withClient(terminal, flags, async (client) => {
        for await (const serviceId of chosen(client, 'services', service)) {
          if (identity !== undefined) {
            await advise(
              client,
              terminal,
              flags,
              await resolveId(client, identities, identity),
              `id:${serviceId}`,
              '',
            );
          } else {
            for await (const { id } of client.all(`services/${serviceId}/identities`)) {
              await advise(client, terminal, flags, String(id), `id:${serviceId}`, '');
            }
          }
        }
      });
    },
  );
}

interface AdvisorFlags extends SessionFlags {
  quiet?: boolean;
}

/** The one asked for, or all. */
async function* chosen(
  client: EdgeClient,
  path: 'identities' | 'services',
  wanted: string | undefined,
) {
  if (wanted !== undefined) yield resolveId(client, kindAt(path), wanted);
  else for await (const { id } of client.all(path)) yield String(id);
}

/** One pair, or every service that policies give the identity. */
async function advise(
  client: EdgeClient,
  terminal: Terminal,
  flags: AdvisorFlags,
  identityId: string,
  service: string | undefined,
  path: string,
): Promise<void> {
  if (service !== undefined) {
    return adviseOn(
      client,
      terminal,
      flags,
      identityId,
      await resolveId(client, services, service),
    );
  }
  for await (const { id } of client.all(path))
    await adviseOn(client, terminal, flags, identityId, String(id));
}

async function adviseOn(
  client: EdgeClient,
  terminal: Terminal,
  flags: AdvisorFlags,
  identityId: string,
  serviceId: string,
): Promise<void> {
  const { text, data } = await client.call(
    'GET',
    `identities/${identityId}/policy-advice/${serviceId}`,
  );
  if (flags.json) {
    terminal.out(`${text}\n`);
    return;
  }
  const { line, problems } = describeAdvice(data as Row);
  if (flags.quiet && problems.length === 0) return;
  terminal.out(printable([line, ...problems.map((problem) => `    ${problem}`), ''].join('\n')));
}

/** Advice for people: one line of facts, and what stands in the way. */
function describeAdvice(advice: Row): { line: string; problems: string[] } {
  const count = (member: string) => Number(advice[member] ?? 0);
  const identity = String(memberAt(advice, 'identity.name'));
  const service = String(memberAt(advice, 'service.name'));
  const routers = (advice['commonRouters'] ?? []) as { name: string; isOnline: boolean }[];
  const online = routers.filter(({ isOnline }) => isOnline);
  const dial = advice['isDialAllowed'] === true;
  const bind = advice['isBindAllowed'] === true;
  const problems = [
    ...(count('identityRouterCount') > 0
      ? []
      : ['no edge router policy gives the identity a router']),
    ...(count('serviceRouterCount') > 0
      ? []
      : ['no service edge router policy gives the service a router']),
  ];
  if (problems.length === 0 && routers.length === 0) {
    problems.push('identity and service have routers, but none in common');
  }
  if (routers.length > 0 && online.length === 0) {
    problems.push('none of the routers they have in common is online');
  }
  // Without routers the answer to both is no, whatever the service policies say.
  if (routers.length > 0 && !dial && !bind) {
    problems.push('no service policy lets the identity dial or host the service');
  }
  const verdict = problems.length === 0 ? 'OKAY ' : 'ERROR';
  return {
    line: `${verdict} ${identity} (${count('identityRouterCount')}) -> ${service} (${count('serviceRouterCount')}), common routers ${online.length}/${routers.length} online, dial: ${dial ? 'yes' : 'no'}, bind: ${bind ? 'yes' : 'no'}`,
    problems,
  };
}
