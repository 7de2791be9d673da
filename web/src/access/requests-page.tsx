/** What people asked for: each with the policy that would grant it, to be accepted or declined by one click. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { ApiError, messageOf } from '../api/api-error.ts';
import type { components } from '../api/management.gen.ts';
import { useClient, useMay } from '../session/use-session.ts';
import { Moment } from '../ui/moment.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { fill, words } from '../words/index.ts';

type Request = components['schemas']['AccessRequestDetail'];
type Decision = { act: 'accept'; digest: string } | { act: 'decline' };

const PATH = '/access-requests';
/** Of each list. */
const SHOWN = 50;
const texts = words.requests;

export function RequestsPage(): ReactNode {
  const open = useRequests('state = "open"', 'createdAt');
  const decided = useRequests('state != "open"', 'decidedAt desc');
  const error = open.error ?? decided.error;
  return (
    <Page title={words.pages.requests} text={texts.text}>
      {error && <Notice tone="bad">{messageOf(error)}</Notice>}
      {open.isPending && <p>{words.list.loading}</p>}
      {open.data?.length === 0 && <Notice tone="good">{texts.none}</Notice>}
      <ul className="requests">
        {open.data?.map((request) => (
          <OpenRequest key={request.id} request={request} />
        ))}
      </ul>
      {decided.data !== undefined && decided.data.length > 0 && (
        <section>
          <h2>{texts.decided}</h2>
          <ul className="requests">
            {decided.data.map((request) => (
              <DecidedRequest key={request.id} request={request} />
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}

function useRequests(filter: string, sort: string) {
  const client = useClient();
  return useQuery({
    queryKey: ['list', PATH, { filter, sort }],
    queryFn: async ({ signal }) =>
      (await client.call<Request[]>('GET', PATH, { query: { filter, sort, limit: SHOWN }, signal }))
        .data,
  });
}

function OpenRequest({ request }: { request: Request }) {
  const { id, identity, application, service, message, createdAt, proposal } = request;
  const client = useClient();
  const queries = useQueryClient();
  const may = useMay();
  const [answer, setAnswer] = useState('');
  const decision = useMutation({
    mutationFn: ({ act, ...body }: Decision) =>
      client.call('POST', `${PATH}/${id}/${act}`, { body: { ...body, answer } }),
    // What is shown may be out of date, whether it was done or refused.
    onSettled: () => queries.invalidateQueries({ queryKey: ['list'] }),
  });
  const mayDecide = may('post /access-requests/{id}/accept');
  const heading = `request-${id}`;
  return (
    <li className="card request" aria-labelledby={heading}>
      <h2 id={heading}>
        {fill(texts.wants, { identity: identity.name, application: application.name })}
      </h2>
      <p className="hint">
        <Moment at={createdAt} />
      </p>
      {message !== '' && <blockquote>{message}</blockquote>}
      {proposal && <Proposal request={request} />}
      {mayDecide && (
        <>
          <TextInput
            label={texts.answer}
            name="answer"
            value={answer}
            onChange={setAnswer}
            maxLength={500}
          />
          {decision.error && <Notice tone="bad">{refusalOf(decision.error)}</Notice>}
          <div className="buttons">
            {proposal && (
              <Button
                aria-label={fill(texts.acceptNamed, { identity: identity.name })}
                onPress={() => decision.mutate({ act: 'accept', digest: proposal.digest })}
                isDisabled={decision.isPending}
              >
                {texts.accept}
              </Button>
            )}
            <Button
              className="plain"
              aria-label={fill(texts.declineNamed, { identity: identity.name })}
              onPress={() => decision.mutate({ act: 'decline' })}
              isDisabled={decision.isPending}
            >
              {texts.decline}
            </Button>
            {may('get /identities/{id}/access-advice/{serviceId}') && (
              <Link to="/advisor" search={{ identity: identity.id, service: service.id }}>
                {words.pages.advisor}
              </Link>
            )}
          </div>
        </>
      )}
    </li>
  );
}

/** The policy as it will be: who, which service, on what conditions. */
function Proposal({ request: { proposal, identity, service } }: { request: Request }) {
  if (!proposal) return null;
  const { policyId, policyName, identityRoles, postureCheckRoles, routersInCommon } = proposal;
  const others = identityRoles.length - 1;
  return (
    <dl className="proposal">
      <dt>{texts.policy}</dt>
      <dd>
        {policyId === null ? (
          fill(texts.newPolicy, { name: policyName })
        ) : (
          <Link to="/$kind/$id" params={{ kind: 'service-policies', id: policyId }}>
            {policyName}
          </Link>
        )}
      </dd>
      <dt>{texts.who}</dt>
      <dd>
        {identity.name}
        {others > 0 && ` ${fill(texts.others, { count: others })}`}
      </dd>
      <dt>{texts.service}</dt>
      <dd>{service.name}</dd>
      {postureCheckRoles.length > 0 && (
        <>
          <dt>{texts.checks}</dt>
          <dd>{postureCheckRoles.join(', ')}</dd>
        </>
      )}
      {routersInCommon === 0 && (
        <dd className="whole">
          <Notice tone="bad">{texts.noRouter}</Notice>
        </dd>
      )}
    </dl>
  );
}

function DecidedRequest({ request }: { request: Request }) {
  const { identity, application, state, answer, decidedAt } = request;
  return (
    <li>
      {fill(texts.wanted, { identity: identity.name, application: application.name })}{' '}
      <span className={state === 'accepted' ? 'state good' : 'state bad'}>
        {state === 'accepted' ? texts.accepted : texts.declined}
      </span>{' '}
      {typeof decidedAt === 'string' && <Moment at={decidedAt} />}
      {answer !== '' && ` – ${answer}`}
    </li>
  );
}

/** Somebody decided it, or changed a policy, since it was shown. */
function refusalOf(error: unknown): string {
  const isStale = error instanceof ApiError && error.apiCode === 'PRECONDITION_FAILED';
  return isStale ? texts.stale : messageOf(error);
}
