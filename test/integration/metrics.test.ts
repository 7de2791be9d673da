/** Every part that runs on Node serves metrics that Prometheus reads, and docs/operations.md lists them. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connector } from '@postern/connector';
import type { RunningGateway } from '@postern/gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../harness/connector-client.ts';
import { parseExposition, type Family } from '../harness/exposition.ts';
import { LiveNetwork } from '../harness/live-network.ts';
import { startPlainGateway } from '../harness/plain-gateway.ts';

const PARTS = ['controller', 'router', 'connector', 'gateway'] as const;
type Part = (typeof PARTS)[number];

let network: LiveNetwork;
let connector: Connector;
let gateway: RunningGateway;
const scraped = new Map<Part, Map<string, Family>>();
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  network = await LiveNetwork.start({ metrics: {} });
  closers.push(() => network.close());
  const app = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  closers.push(() => app.close());
  const { port } = app.address() as AddressInfo;
  connector = await network.replaceHost(`http://127.0.0.1:${port}`, { metrics: {} });
  gateway = await startPlainGateway(network.controller.public.url, { metrics: {} });
  closers.push(() => gateway.close());

  const signedIn = await network.signIn();
  closers.push(() => signedIn.browser.socket.terminate());
  const session = await signedIn.connect();
  expect(await (await request(session, '/page')).text()).toBe('hello');
  await fetch(`${gateway.url}/`);
  const urls: Record<Part, string | undefined> = {
    controller: network.controller.metricsUrl,
    router: network.router.metricsUrl,
    connector: connector.metricsUrl,
    gateway: gateway.metricsUrl,
  };
  for (const part of PARTS) {
    const response = await fetch(`${urls[part] ?? ''}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    scraped.set(part, parseExposition(await response.text()));
    expect(await (await fetch(`${urls[part] ?? ''}/health`)).json()).toBeTypeOf('object');
    expect((await fetch(`${urls[part] ?? ''}/metrics`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${urls[part] ?? ''}/other`)).status).toBe(404);
  }
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

function value(part: Part, name: string, labels: Record<string, string> = {}): number | undefined {
  const families = scraped.get(part);
  const family = families?.get(name) ?? families?.get(name.replace(/_(sum|count)$/, ''));
  return family?.samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([key, wanted]) => sample.labels[key] === wanted),
  )?.value;
}

describe.each(PARTS)('metrics of the %s', (part) => {
  it('follow the conventions of Prometheus', () => {
    const families = [...(scraped.get(part)?.values() ?? [])];
    expect(families.length).toBeGreaterThan(4);
    for (const { name, type, help } of families) {
      expect(name).toMatch(new RegExp(`^(postern_${part}|process)_[a-z][a-z_]*[a-z]$`));
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(name).not.toMatch(/_(ms|millis\w*|kib|mib|percent)(_|$)/);
      expect(help).toMatch(/^[A-Z1].*\.$/);
    }
  });

  it('are listed in docs/operations.md, all of them and no others', async () => {
    const page = await readFile('docs/operations.md', 'utf8');
    const rows = [...page.matchAll(/^\| `((?:postern|process)_\w+)` +\| (\w+) +\| ([^|]*?) +\|/gm)];
    const listed = rows
      .map(([, name, type, labels]) => [name, type, labels!.replaceAll('`', '')].join(' ').trim())
      .filter((row) => row.startsWith(`postern_${part}_`) || row.startsWith('process_'));
    const served = [...(scraped.get(part)?.values() ?? [])].map(
      ({ name, type }) => `${name} ${type}`,
    );
    expect(listed.map((row) => row.split(' ', 2).join(' ')).sort()).toEqual(served.sort());
    for (const row of listed) {
      const [name = '', , ...labels] = row.split(/,? /);
      for (const sample of scraped.get(part)?.get(name)?.samples ?? []) {
        const own = Object.keys(sample.labels).filter((label) => label !== 'le');
        expect(own.sort(), name).toEqual(labels.filter((label) => label !== '').sort());
      }
    }
  });
});

it('count what happened', () => {
  expect(value('router', 'postern_router_dials_total', { code: 'ok' })).toBe(1);
  expect(value('router', 'postern_router_dial_seconds_count')).toBe(1);
  expect(value('router', 'postern_router_circuits')).toBe(1);
  expect(value('router', 'postern_router_connections', { kind: 'client' })).toBe(1);
  expect(value('router', 'postern_router_forwarded_frames_total')).toBeGreaterThan(2);
  expect(value('router', 'postern_router_dropped_frames_total', { reason: 'late' })).toBe(0);
  expect(value('connector', 'postern_connector_handshakes_total', { code: 'ok' })).toBe(1);
  const ofWiki = { service: 'wiki' };
  expect(value('connector', 'postern_connector_requests_total', { ...ofWiki, status: '2xx' })).toBe(
    1,
  );
  expect(value('connector', 'postern_connector_request_seconds_count', ofWiki)).toBe(1);
  expect(value('connector', 'postern_connector_sessions')).toBe(1);
  expect(value('connector', 'postern_connector_controller_connected')).toBe(1);
  expect(value('controller', 'postern_controller_circuits')).toBe(1);
  expect(value('controller', 'postern_controller_circuits_opened_total')).toBe(1);
  const admin = { listener: 'admin', status: '2xx' };
  expect(value('controller', 'postern_controller_http_requests_total', admin)).toBeGreaterThan(5);
  expect(value('controller', 'postern_controller_control_connections', { role: 'router' })).toBe(1);
  const refused = { listener: 'gateway', status: '4xx' };
  // fetch asks again on a new connection after 421.
  expect(value('gateway', 'postern_gateway_http_requests_total', refused)).toBeGreaterThan(0);
});
