/** `/.postern/status`: how this browser is connected, for people and for whoever helps them. */
import type { ConnectionStatus } from '../transport/app-connection.ts';
import { html, Markup } from './html.ts';
import type { Look } from './look.ts';
import { pageResponse } from './page.ts';

export interface StatusFacts {
  application: string;
  signedIn: boolean;
  connection: ConnectionStatus | undefined;
}

export function statusPage(
  look: Look,
  { application, signedIn, connection }: StatusFacts,
): Promise<Response> {
  const rows: [string, string][] = [
    ['Application', application],
    ['Signed in', signedIn ? 'yes' : 'no'],
  ];
  if (connection === undefined) rows.push(['Connected', 'no']);
  else {
    rows.push(
      ['Signed in as', connection.identity],
      ['Service', connection.service],
      ['Router', connection.router],
      ['Encryption', connection.suite],
      ['Round trip to the router', milliseconds(connection.routerRoundTripMs)],
      ['Round trip to the connector', milliseconds(connection.sessionRoundTripMs)],
      ['Open streams', String(connection.openStreams)],
    );
  }
  const list = new Markup(
    rows
      .map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`.text,
      )
      .join(''),
  );
  return pageResponse(look, {
    status: 200,
    title: 'Connection status',
    body: html`<h1>Connection status</h1>
      <dl>${list}</dl>
      <p><a class="button" href="/.postern/signout">Sign out</a></p>`,
  });
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? 'not measured yet' : `${value.toFixed(1)} ms`;
}
