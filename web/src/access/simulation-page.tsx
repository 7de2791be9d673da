import { useMutation, useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { Form } from 'react-aria-components';
import { messageOf } from '../api/api-error.ts';
import { bodyOf } from '../api/operations.ts';
import { changedMembers, editableBody, initialBody, type Body } from '../forms/body.ts';
import { fieldsOf } from '../forms/field-model.ts';
import { MemberField } from '../forms/member-field.tsx';
import { withMember } from '../forms/member-path.ts';
import { ReferenceField } from '../forms/reference-field.tsx';
import { useClient } from '../session/use-session.ts';
import { Toggle } from '../ui/marks.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { SubmitButton } from '../ui/submit-button.tsx';
import { fill, words } from '../words/index.ts';

interface Simulation {
  gained: Counts;
  lost: Counts;
  identities: number;
  effects: {
    effect: 'gained' | 'lost';
    access: string;
    identityId: string;
    identityName: string;
    targetId: string;
    targetName: string;
  }[];
}
interface Counts {
  dial: number;
  bind: number;
  router: number;
}

const MEMBERS = ['type', 'semantic', 'identityRoles', 'serviceRoles', 'postureCheckRoles'];
const schema = bodyOf('post /service-policies') ?? {};
const fields = fieldsOf(schema, '/service-policies').filter(({ name }) => MEMBERS.includes(name));

export function SimulationPage(): ReactNode {
  const client = useClient();
  const [policyId, setPolicyId] = useState('');
  const { data: policy } = useQuery({
    queryKey: ['detail', '/service-policies', policyId, 'simulation'],
    enabled: policyId !== '',
    queryFn: ({ signal }) => client.call<Body>('GET', `/service-policies/${policyId}`, { signal }),
  });
  const before = useMemo(
    () =>
      policyId === ''
        ? { ...initialBody(schema, 0), semantic: 'AnyOf' }
        : policy && editableBody(schema, policy.data),
    [policyId, policy],
  );
  return (
    <Page title={words.pages.simulation} text={words.simulation.text}>
      <ReferenceField
        label={words.simulation.policy}
        to="/service-policies"
        value={policyId}
        onChange={setPolicyId}
      />
      {policyId === '' && <p className="hint">{words.simulation.newPolicy}</p>}
      {before && <Proposal key={policyId} policyId={policyId} before={before} />}
    </Page>
  );
}

function Proposal({ policyId, before }: { policyId: string; before: Body }) {
  const client = useClient();
  const [body, setBody] = useState(before);
  const [isRemoval, setRemoval] = useState(false);
  const run = useMutation({
    mutationFn: async () => {
      const type = 'service-policies';
      const change =
        policyId === ''
          ? { op: 'create', type, data: body }
          : isRemoval
            ? { op: 'delete', type, id: policyId }
            : { op: 'update', type, id: policyId, data: changedMembers(before, body) };
      const { data } = await client.call<Simulation>('POST', '/policy-simulations', {
        body: { changes: [change] },
      });
      return data;
    },
  });
  return (
    <>
      <Form
        className="body-form fields"
        onSubmit={(event) => {
          event.preventDefault();
          run.mutate();
        }}
      >
        {policyId !== '' && (
          <Toggle label={words.simulation.remove} isOn={isRemoval} onChange={setRemoval} />
        )}
        {!isRemoval &&
          fields.map((field) => (
            <MemberField
              key={field.name}
              field={field}
              value={body[field.name]}
              onChange={(value) => setBody((now) => withMember(now, field.name, value))}
              path={field.name}
              problem={undefined}
              isReadOnly={false}
            />
          ))}
        <div className="buttons">
          <SubmitButton label={words.simulation.run} isBusy={run.isPending} />
        </div>
      </Form>
      {run.error && <Notice tone="bad">{messageOf(run.error)}</Notice>}
      {run.data && <Effects simulation={run.data} />}
    </>
  );
}

function Effects({ simulation }: { simulation: Simulation }) {
  const { gained, lost, identities, effects } = simulation;
  if (identities === 0) return <Notice tone="good">{words.simulation.nobody}</Notice>;
  return (
    <section className="effects" aria-label={words.simulation.effect}>
      <p role="status">
        {fill(words.simulation.summary, { identities })} {words.simulation.gained}: {total(gained)}.{' '}
        {words.simulation.lost}: {total(lost)}.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.simulation.effect}</th>
            <th scope="col">{words.simulation.identity}</th>
            <th scope="col">{words.simulation.access}</th>
            <th scope="col">{words.simulation.target}</th>
          </tr>
        </thead>
        <tbody>
          {effects.map((one) => (
            <tr key={`${one.effect} ${one.access} ${one.identityId} ${one.targetId}`}>
              <td>
                <span className={one.effect === 'gained' ? 'state good' : 'state bad'}>
                  {one.effect === 'gained' ? words.simulation.gained : words.simulation.lost}
                </span>
              </td>
              <td>{one.identityName}</td>
              <td>{one.access}</td>
              <td>{one.targetName}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {effects.length < total(gained) + total(lost) && (
        <p>{fill(words.simulation.first, { count: effects.length })}</p>
      )}
    </section>
  );
}

function total({ dial, bind, router }: Counts): number {
  return dial + bind + router;
}
