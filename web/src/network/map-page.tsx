import type { ReactNode } from 'react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { messageOf } from '../api/api-error.ts';
import { mayAccess } from '../api/rights.ts';
import { useClient, useSignedIn } from '../session/use-session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { fill, words } from '../words/index.ts';
import { circuitsOn } from './circuits-on.ts';
import type { FabricCircuit, FabricLink, FabricRouter } from './fabric.ts';
import { Picture } from './picture.tsx';

const LIMIT = 500;

function useFabric<Row>(path: string) {
  const client = useClient();
  return useQuery({
    queryKey: ['list', path],
    queryFn: async ({ signal }) =>
      (await client.call<Row[]>('GET', path, { query: { limit: LIMIT }, signal })).data,
  });
}

export function MapPage(): ReactNode {
  const routers = useFabric<FabricRouter>('/fabric/v1/routers');
  const links = useFabric<FabricLink>('/fabric/v1/links');
  const circuits = useFabric<FabricCircuit>('/fabric/v1/circuits');
  const error = routers.error ?? links.error ?? circuits.error;
  return (
    <Page title={words.pages.map} text={words.map.text}>
      {error && <Notice tone="bad">{messageOf(error)}</Notice>}
      {routers.data && links.data && circuits.data && (
        <>
          <Picture routers={routers.data} links={links.data} circuits={circuits.data} />
          <LinksTable links={links.data} circuits={circuits.data} />
          <CircuitsTable circuits={circuits.data} />
        </>
      )}
    </Page>
  );
}

function LinksTable({ links, circuits }: { links: FabricLink[]; circuits: FabricCircuit[] }) {
  return (
    <section>
      <h2>{words.map.links}</h2>
      {links.length === 0 ? (
        <p>{words.map.noLinks}</p>
      ) : (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{words.map.from}</th>
                <th scope="col">{words.map.to}</th>
                <th scope="col">{words.map.latency}</th>
                <th scope="col">{words.map.cost}</th>
                <th scope="col">{words.map.onLink}</th>
              </tr>
            </thead>
            <tbody>
              {links.map((link) => (
                <tr key={link.id}>
                  <td>{link.sourceRouter.name}</td>
                  <td>{link.destRouter.name}</td>
                  <td>{(link.sourceLatency / 1e6).toFixed(1)} ms</td>
                  <td>{link.cost}</td>
                  <td>{circuitsOn(link.id, circuits)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function CircuitsTable({ circuits }: { circuits: FabricCircuit[] }) {
  const { client, me } = useSignedIn();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: (id: string) => client.call('DELETE', `/fabric/v1/circuits/${id}`, { body: {} }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['list', '/fabric/v1/circuits'] }),
  });
  const mayEnd = mayAccess(me, 'ops.delete');
  return (
    <section>
      <h2>{words.map.circuits}</h2>
      {end.error && <Notice tone="bad">{messageOf(end.error)}</Notice>}
      {circuits.length === 0 ? (
        <p>{words.map.noCircuits}</p>
      ) : (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{words.map.service}</th>
                <th scope="col">{words.map.caller}</th>
                <th scope="col">{words.map.path}</th>
                {mayEnd && <th scope="col">{words.map.end}</th>}
              </tr>
            </thead>
            <tbody>
              {circuits.map(({ id, service, clientId, path }) => (
                <tr key={id}>
                  <td>
                    <Link to="/$kind/$id" params={{ kind: 'services', id: service.id }}>
                      {service.name}
                    </Link>
                  </td>
                  <td>
                    <Link to="/$kind/$id" params={{ kind: 'identities', id: clientId }}>
                      {clientId}
                    </Link>
                  </td>
                  <td>{path.nodes.map(({ name }) => name).join(' → ')}</td>
                  {mayEnd && (
                    <td>
                      <Confirm
                        className="plain small"
                        label={words.map.end}
                        heading={fill(words.form.deleteHeading, {
                          one: 'circuit',
                          name: service.name,
                        })}
                        text={words.form.deleteText}
                        onConfirm={() => end.mutate(id)}
                      />
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
