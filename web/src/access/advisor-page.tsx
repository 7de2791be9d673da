import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { messageOf } from '../api/api-error.ts';
import { ReferenceField } from '../forms/reference-field.tsx';
import { useClient } from '../session/use-session.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { fill, words } from '../words/index.ts';

/** Answer of `GET /identities/{id}/access-advice/{serviceId}`. */
interface AccessAdvice {
  dial: Advice;
  bind: Advice;
}
interface Advice {
  isAllowed: boolean;
  findings: { code: string; message: string; fix?: string }[];
  policies: PolicyMatch[];
}
interface PolicyMatch {
  id: string;
  name: string;
  identityHeld: boolean;
  identityMissing: string[];
  serviceHeld: boolean;
  serviceMissing: string[];
  postureChecks: { id: string; sessions: number }[];
  isGranting: boolean;
}
interface PolicyAdvice {
  commonRouters: { id: string; name: string; isOnline: boolean }[];
}

/** Ids, in the address. */
export interface Chosen {
  identity?: string;
  service?: string;
}

export function AdvisorPage(): ReactNode {
  const { identity = '', service = '' }: Chosen = useSearch({ from: '/advisor' });
  const navigate = useNavigate({ from: '/advisor' });
  const choose = (change: Chosen) =>
    void navigate({ search: (now: Chosen) => ({ ...now, ...change }), replace: true });
  return (
    <Page title={words.pages.advisor} text={words.advisor.text}>
      <div className="two">
        <ReferenceField
          label={words.advisor.identity}
          to="/identities"
          value={identity}
          onChange={(id) => choose({ identity: id })}
        />
        <ReferenceField
          label={words.advisor.service}
          to="/services"
          value={service}
          onChange={(id) => choose({ service: id })}
        />
      </div>
      {identity === '' || service === '' ? (
        <p>{words.advisor.choose}</p>
      ) : (
        <Verdict identity={identity} service={service} />
      )}
    </Page>
  );
}

function Verdict({ identity, service }: { identity: string; service: string }) {
  const client = useClient();
  const { data, error } = useQuery({
    // Policies and sessions decide: any list that changes renews it.
    queryKey: [
      'list',
      '/service-policies,posture-checks,identities,services,routers',
      identity,
      service,
    ],
    queryFn: async ({ signal }) => {
      const base = `/identities/${identity}`;
      const [access, policy] = await Promise.all([
        client.call<AccessAdvice>('GET', `${base}/access-advice/${service}`, { signal }),
        client.call<PolicyAdvice>('GET', `${base}/policy-advice/${service}`, { signal }),
      ]);
      return { ...access.data, routers: policy.data.commonRouters };
    },
  });
  if (error) return <Notice tone="bad">{messageOf(error)}</Notice>;
  if (!data) return <p role="status">{words.list.loading}</p>;
  return (
    <div className="two">
      <AdviceCard title={words.advisor.dial} advice={data.dial} />
      <AdviceCard title={words.advisor.bind} advice={data.bind} />
      <section className="card">
        <h2>{words.advisor.routers}</h2>
        {data.routers.length === 0 && <p>{words.advisor.noRouters}</p>}
        <ul>
          {data.routers.map(({ id, name, isOnline }) => (
            <li key={id}>
              <Link to="/$kind/$id" params={{ kind: 'edge-routers', id }}>
                {name}
              </Link>{' '}
              <span className={isOnline ? 'state good' : 'state bad'}>
                {isOnline ? words.list.online : words.list.offline}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function AdviceCard({ title, advice }: { title: string; advice: Advice }) {
  return (
    <section className="card">
      <h2>
        {title}:{' '}
        <span className={advice.isAllowed ? 'state good' : 'state bad'}>
          {advice.isAllowed ? words.advisor.allowed : words.advisor.denied}
        </span>
      </h2>
      <ul className="findings">
        {advice.findings.map(({ code, message, fix }) => (
          <li key={code}>
            {message}
            {fix !== undefined && <p className="hint">{fix}</p>}
          </li>
        ))}
      </ul>
      <h3>{words.advisor.policies}</h3>
      {advice.policies.length === 0 && <p>{words.advisor.noPolicies}</p>}
      <ul className="findings">
        {advice.policies.map((policy) => (
          <li key={policy.id}>
            <Link to="/$kind/$id" params={{ kind: 'service-policies', id: policy.id }}>
              {policy.name}
            </Link>
            <PolicyWay policy={policy} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The stations of a policy: identity, service, checks; each held or not. */
function PolicyWay({ policy }: { policy: PolicyMatch }) {
  const stations: readonly { text: string; isHeld: boolean }[] = [
    {
      isHeld: policy.identityHeld,
      text: policy.identityHeld
        ? words.advisor.identity
        : lacking(
            words.advisor.missesIdentity,
            words.advisor.identityNotNamed,
            policy.identityMissing,
          ),
    },
    {
      isHeld: policy.serviceHeld,
      text: policy.serviceHeld
        ? words.advisor.service
        : lacking(
            words.advisor.missesService,
            words.advisor.serviceNotNamed,
            policy.serviceMissing,
          ),
    },
    ...(policy.postureChecks.length > 0
      ? [
          {
            isHeld: policy.postureChecks.every(({ sessions }) => sessions > 0),
            text: fill(words.advisor.posture, { count: policy.postureChecks.length }),
          },
        ]
      : []),
    ...(policy.isGranting ? [{ isHeld: true, text: words.advisor.grants }] : []),
  ];
  return (
    <ol className="way">
      {stations.map(({ text, isHeld }) => (
        <li key={text} className={isHeld ? 'reached' : 'failed'}>
          {text}
        </li>
      ))}
    </ol>
  );
}

function lacking(text: string, notNamed: string, missing: readonly string[]): string {
  return missing.length === 0 ? notNamed : fill(text, { what: missing.join(', ') });
}
