import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Row } from '../entities/cell.tsx';
import { useClient } from '../session/use-session.ts';
import { Copyable } from '../ui/copyable.tsx';
import { Notice } from '../ui/notice.tsx';
import { fill, words } from '../words/index.ts';
import { routerCommands } from './commands.ts';

export interface RunRouterProps {
  id: string;
  name: string;
  /** Its unused enrollment token. */
  jwt: string;
}

/** The commands that bring a router, and whether it came. */
export function RunRouter({ id, name, jwt }: RunRouterProps) {
  return (
    <>
      <p>{words.runRouter.text}</p>
      <Copyable label={words.wizard.commands} text={routerCommands(name, jwt)} />
      <Arrival id={id} name={name} />
    </>
  );
}

/** Renewed by the live events, when the router connects. */
function Arrival({ id, name }: Pick<RunRouterProps, 'id' | 'name'>) {
  const client = useClient();
  const path = `/edge-routers/${id}`;
  const { data } = useQuery({
    queryKey: ['list', path, 'arrival'],
    queryFn: ({ signal }) => client.call<Row>('GET', path, { signal }),
  });
  if (data?.data['isOnline'] !== true)
    return <Notice tone="plain">{fill(words.runRouter.waiting, { name })}</Notice>;
  return (
    <Notice tone="good">
      {fill(words.runRouter.here, { name })} <Link to="/">{words.runRouter.back}</Link>
    </Notice>
  );
}
