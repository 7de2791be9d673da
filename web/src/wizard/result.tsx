import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { Button } from 'react-aria-components';
import { messageOf } from '../api/api-error.ts';
import type { Row } from '../entities/cell.tsx';
import { tokensOf } from '../entities/tokens.ts';
import { useClient } from '../session/use-session.ts';
import { Copyable } from '../ui/copyable.tsx';
import { Notice } from '../ui/notice.tsx';
import { fill, words } from '../words/index.ts';
import { connectorCommands } from './commands.ts';
import { ROUTER_NAME, type Step } from './plan.ts';
import type { Made } from './run-plan.ts';
import { RunRouter } from './run-router.tsx';
import { stepText } from './step-text.ts';

export interface ResultProps {
  made: Made;
  steps: readonly Step[];
  name: string;
  origin: string;
  target: string;
  onAnother: () => void;
}

/** What was made, and what to run now. */
export function Result({ made, steps, name, origin, target, onAnother }: ResultProps) {
  const hostJwt = useToken(`/identities/${made.get('host') ?? ''}`);
  const routerId = made.get('router');
  const heading = useRef<HTMLHeadingElement>(null);
  // The form that had the focus is gone.
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="wizard-result">
      <h2 ref={heading} tabIndex={-1}>
        {words.wizard.done}
      </h2>
      {hostJwt.error && <Notice tone="bad">{messageOf(hostJwt.error)}</Notice>}
      {routerId !== undefined && <RouterPart id={routerId} />}
      <section>
        <h2>{words.wizard.connectorHeading}</h2>
        <p>{fill(words.wizard.connectorText, { target })}</p>
        {hostJwt.data !== undefined && (
          <Copyable
            label={words.wizard.commands}
            text={connectorCommands(name.trim(), target.trim(), hostJwt.data)}
          />
        )}
        <Hosted serviceId={made.get('service') ?? ''} origin={origin} />
      </section>
      <section>
        <h2>{words.wizard.steps}</h2>
        <ul>
          {steps.map((step) => (
            <li key={step.id}>
              <Link
                to="/$kind/$id"
                params={{ kind: step.path.slice(1), id: made.get(step.id) ?? '' }}
              >
                {stepText(step)}
              </Link>
            </li>
          ))}
        </ul>
      </section>
      <Button className="plain" onPress={onAnother}>
        {words.wizard.another}
      </Button>
    </div>
  );
}

function RouterPart({ id }: { id: string }) {
  const { data } = useToken(`/edge-routers/${id}`);
  if (data === undefined) return null;
  return (
    <section>
      <h2>{words.wizard.routerHeading}</h2>
      <p>{words.wizard.routerText}</p>
      <RunRouter id={id} name={ROUTER_NAME} jwt={data} />
    </section>
  );
}

/** Renewed by the live events, when a terminator comes. */
function Hosted({ serviceId, origin }: { serviceId: string; origin: string }) {
  const client = useClient();
  const path = `/services/${serviceId}/terminators`;
  const { data } = useQuery({
    queryKey: ['list', path],
    queryFn: ({ signal }) => client.call('GET', path, { query: { limit: 1 }, signal }),
  });
  if (!data || data.total === 0) return <Notice tone="plain">{words.wizard.waiting}</Notice>;
  return <Notice tone="good">{fill(words.wizard.hosted, { origin })}</Notice>;
}

/** The unused enrollment token of an entity; asked for once, and kept though it is spent meanwhile. */
function useToken(path: string) {
  const client = useClient();
  return useQuery({
    queryKey: ['token', path],
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const { data } = await client.call<Row>('GET', path, { signal });
      return tokensOf(data)[0]?.jwt;
    },
  });
}
