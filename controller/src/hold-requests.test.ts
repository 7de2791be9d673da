import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { holdRequests } from './hold-requests.ts';

it('answers requests that came before there was something to serve them', async () => {
  const server = createServer();
  const serve = holdRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const arrived = once(server, 'request');
  const early = fetch(url).then((response) => response.text());
  await arrived;
  serve((_, response) => void response.end('served'));
  expect(await early).toBe('served');
  expect(await (await fetch(url)).text()).toBe('served');
  server.closeAllConnections();
  server.close();
});
