import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { CheckboxGroup, FieldError, Form, Label, RadioGroup } from 'react-aria-components';
import { ApiError, messageOf } from '../api/api-error.ts';
import type { ApiClient } from '../api/client.ts';
import type { components } from '../api/management.gen.ts';
import { useClient } from '../session/use-session.ts';
import { Check, RadioMark, Toggle } from '../ui/marks.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { SubmitButton } from '../ui/submit-button.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { useAttempt } from '../ui/use-attempt.ts';
import { fill, words } from '../words/index.ts';
import { planApplication, type Step, type WizardProblems, type Wish } from './plan.ts';
import { Result } from './result.tsx';
import { runPlan, StepFailed, type Made } from './run-plan.ts';
import { stepText } from './step-text.ts';

type Signer = components['schemas']['ExternalJwtSignerDetail'];

interface Draft {
  name: string;
  origin: string;
  target: string;
  audience: 'everyone' | 'role';
  attribute: string;
  hasPerson: boolean;
  username: string;
  password: string;
  /** `password`, ids of identity providers; `undefined`: not chosen yet. */
  ways: readonly string[] | undefined;
}

const EMPTY: Draft = {
  name: '',
  origin: 'https://',
  target: 'http://127.0.0.1:3000',
  audience: 'everyone',
  attribute: '',
  hasPerson: false,
  username: '',
  password: '',
  ways: undefined,
};

/** Among the ways to sign in, whose others are ids. */
const PASSWORD = 'password';

export function WizardPage(): ReactNode {
  const [draft, setDraft] = useState(EMPTY);
  const [done, setDone] = useState<{ made: Made; steps: readonly Step[] }>();
  return (
    <Page title={words.pages.protect} text={words.wizard.text}>
      {done ? (
        <Result
          {...done}
          name={draft.name}
          origin={draft.origin}
          target={draft.target}
          onAnother={() => {
            setDraft(EMPTY);
            setDone(undefined);
          }}
        />
      ) : (
        <WizardForm draft={draft} onChange={setDraft} onDone={setDone} />
      )}
    </Page>
  );
}

interface WizardFormProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
  onDone: (done: { made: Made; steps: readonly Step[] }) => void;
}

function WizardForm({ draft, onChange, onDone }: WizardFormProps) {
  const client = useClient();
  const [failure, setFailure] = useState<StepFailed>();
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  const problems = problemsOf(failure);
  const { data: signers = [] } = useQuery({
    queryKey: ['list', '/external-jwt-signers', 'wizard'],
    queryFn: async ({ signal }) => {
      const query = { filter: 'enabled = true', limit: 20 };
      const { data } = await client.call<Signer[]>('GET', '/external-jwt-signers', {
        query,
        signal,
      });
      // Browsers are sent only to those that say where.
      return data.filter(({ clientId }) => clientId !== '');
    },
  });
  const ways = draft.ways ?? [signers[0]?.id ?? PASSWORD];
  const { error, isBusy, attempt } = useAttempt(async () => {
    const wish = wishOf(draft, ways);
    if (!wish.byPassword && wish.signerIds.length === 0) return;
    try {
      const steps = planApplication(wish, await presentIn(client));
      const made = await runPlan(client, steps, failure?.made ?? new Map());
      onDone({ made, steps });
    } catch (thrown) {
      if (!(thrown instanceof StepFailed)) throw thrown;
      setFailure(thrown);
    }
  });
  return (
    <Form
      className="body-form fields wizard"
      onSubmit={(event) => {
        event.preventDefault();
        attempt();
      }}
    >
      {error !== undefined && <Notice tone="bad">{messageOf(error)}</Notice>}
      {failure && <Notice tone="bad">{failureText(failure)}</Notice>}
      <TextInput
        label={words.wizard.name}
        hint={words.wizard.nameHint}
        name="name"
        value={draft.name}
        onChange={(name) => set({ name })}
        error={problems.name}
        isRequired
      />
      <TextInput
        label={words.wizard.origin}
        hint={words.wizard.originHint}
        name="origin"
        type="url"
        value={draft.origin}
        onChange={(origin) => set({ origin })}
        error={problems.origin}
        isRequired
      />
      <TextInput
        label={words.wizard.target}
        hint={words.wizard.targetHint}
        name="target"
        value={draft.target}
        onChange={(target) => set({ target })}
        isRequired
      />
      <RadioGroup
        className="field"
        value={draft.audience}
        onChange={(audience) => set({ audience: audience as Draft['audience'] })}
      >
        <Label>{words.wizard.who}</Label>
        <RadioMark value="everyone">{words.wizard.everyone}</RadioMark>
        <RadioMark value="role">{words.wizard.role}</RadioMark>
      </RadioGroup>
      {draft.audience === 'role' && (
        <TextInput
          label={words.wizard.attribute}
          name="attribute"
          value={draft.attribute}
          onChange={(attribute) => set({ attribute })}
          error={problems.attribute}
          isRequired
        />
      )}
      <CheckboxGroup
        className="field"
        value={[...ways]}
        onChange={(next) => set({ ways: next })}
        isInvalid={ways.length === 0}
        validationBehavior="aria"
      >
        <Label>{words.wizard.signIn}</Label>
        <Check value={PASSWORD}>{words.wizard.byPassword}</Check>
        {signers.map(({ id, name }) => (
          <Check key={id} value={id}>
            {fill(words.wizard.byProvider, { name })}
          </Check>
        ))}
        <FieldError>{words.wizard.noWay}</FieldError>
      </CheckboxGroup>
      {ways.includes(PASSWORD) && <PersonFields draft={draft} set={set} problems={problems} />}
      <div className="buttons">
        <SubmitButton label={words.wizard.submit} isBusy={isBusy} />
      </div>
    </Form>
  );
}

interface PersonFieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  problems: WizardProblems;
}

function PersonFields({ draft, set, problems }: PersonFieldsProps) {
  return (
    <>
      <Toggle
        label={words.wizard.person}
        isOn={draft.hasPerson}
        onChange={(hasPerson) => set({ hasPerson })}
      />
      {draft.hasPerson && (
        <>
          <TextInput
            label={words.wizard.personName}
            name="username"
            value={draft.username}
            onChange={(username) => set({ username })}
            error={problems.username}
            autoComplete="off"
            isRequired
          />
          <TextInput
            label={words.wizard.personPassword}
            hint={words.wizard.personHint}
            name="password"
            type="password"
            value={draft.password}
            onChange={(password) => set({ password })}
            error={problems.password}
            autoComplete="new-password"
            isRequired
          />
        </>
      )}
    </>
  );
}

function wishOf(draft: Draft, ways: readonly string[]): Wish {
  const { name, origin, audience, attribute, hasPerson, username, password } = draft;
  const byPassword = ways.includes(PASSWORD);
  return {
    name: name.trim(),
    // People paste addresses with a slash at the end.
    origin: origin.trim().replace(/\/$/, ''),
    attribute: audience === 'role' ? attribute.trim().replace(/^#/, '') : '',
    person: hasPerson && byPassword ? { username: username.trim(), password } : undefined,
    byPassword,
    signerIds: ways.filter((way) => way !== PASSWORD),
  };
}

async function presentIn(client: ApiClient) {
  const count = async (path: string) =>
    (await client.call('GET', path, { query: { limit: 1 } })).total;
  const [routers, edgeRouterPolicies, serviceEdgeRouterPolicies] = await Promise.all([
    count('/edge-routers'),
    count('/edge-router-policies'),
    count('/service-edge-router-policies'),
  ]);
  return { routers, edgeRouterPolicies, serviceEdgeRouterPolicies };
}

function problemsOf(failure: StepFailed | undefined): WizardProblems {
  const { cause, step } = failure ?? {};
  if (!(cause instanceof ApiError) || cause.field === undefined) return {};
  const input = step?.inputs?.[cause.field.split(/[.[]/, 1)[0] ?? ''];
  return input === undefined ? {} : { [input]: cause.message };
}

function failureText({ step, cause }: StepFailed): string {
  const field = cause instanceof ApiError ? cause.field : undefined;
  return fill(words.wizard.failedAt, {
    step: stepText(step),
    message: field === undefined ? messageOf(cause) : `${field}: ${messageOf(cause)}`,
  });
}
