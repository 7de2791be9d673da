/** Dashboards and alerts in `deploy/` ask for what a live network serves, by a real Prometheus. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { request } from '../harness/connector-client.ts';
import { LiveNetwork } from '../harness/live-network.ts';
import { startPlainGateway } from '../harness/plain-gateway.ts';
import { hasPrometheus, startPrometheus, type RunningPrometheus } from '../harness/prometheus.ts';

if (!hasPrometheus) process.stderr.write("skipped: no Prometheus (Debian's package prometheus)\n");

const folder = 'deploy/grafana/dashboards';
const dashboards = readdirSync(folder).map((file) => ({
  file,
  ...(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as {
    uid: string;
    panels: { title: string; gridPos: object; targets: { expr: string }[] }[];
  }),
}));
const queries = dashboards.flatMap(({ file, panels }) =>
  panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }): [string, string, string] => [file, title, expr]),
  ),
);
const rules: { alert: string; expr: string; annotations: Record<string, string> }[] = parse(
  readFileSync('deploy/prometheus/alerts.yaml', 'utf8'),
).groups[0].rules;
const metricsOf = (expression: string) => expression.match(/\b(postern|process)_\w+|\bup\b/g) ?? [];

/** A rate over the default scrape interval; the test scrapes each second. */
const asAsked = (expression: string) => expression.replaceAll('$__rate_interval', '1m');

describe.skipIf(!hasPrometheus)('with a live network', () => {
  let prometheus: RunningPrometheus;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    const network = await LiveNetwork.start({ metrics: {} });
    closers.push(() => network.close());
    const app = createServer((asked, response) => {
      if (asked.url === '/broken') asked.socket.destroy();
      else response.end('hello');
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    closers.push(() => app.close());
    const { port } = app.address() as AddressInfo;
    const connector = await network.replaceHost(`http://127.0.0.1:${port}`, { metrics: {} });
    const second = await network.addRouter('router 2');
    const gateway = await startPlainGateway(network.controller.public.url, { metrics: {} });
    closers.push(() => gateway.close());
    await fetch(`${gateway.url}/`);

    const signedIn = await network.signIn();
    closers.push(() => signedIn.browser.socket.terminate());
    const session = await signedIn.connect();
    expect(await (await request(session, '/page')).text()).toBe('hello');
    await expect(request(session, '/broken')).rejects.toMatchObject({ code: 'ERR_APP_FAILED' });
    (await signedIn.dial()).close();

    const target = (url: string | undefined) => new URL(url ?? '').host;
    prometheus = await startPrometheus('deploy/prometheus', {
      'postern-controller': [target(network.controller.metricsUrl)],
      'postern-router': [target(network.router.metricsUrl), target(second.metricsUrl)],
      'postern-connector': [target(connector.metricsUrl)],
      'postern-gateway': [target(gateway.metricsUrl)],
    });
    closers.push(() => prometheus.close());
    // Rates need two scrapes of each part, and a link its first measurement.
    await vi.waitFor(
      async () => {
        const scrapes = await prometheus.query('count_over_time(up[1m]) >= 2');
        expect(scrapes).toHaveLength(5);
        const links = 'count_over_time(postern_router_link_latency_seconds[1m]) >= 2';
        expect(await prometheus.query(links)).toHaveLength(2);
        const closed = 'count_over_time(postern_controller_circuits_closed_total[1m]) >= 2';
        expect(await prometheus.query(closed)).toHaveLength(1);
      },
      { timeout: 40_000, interval: 250 },
    );
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it('every query of every dashboard has an answer', async () => {
    const empty: string[] = [];
    for (const [file, title, expr] of queries)
      if ((await prometheus.query(asAsked(expr))).length === 0)
        empty.push(`${file}, ${title}: ${expr}`);
    expect(empty).toEqual([]);
  });

  it('every metric that an alert names is served, and no alert fires on a healthy network', async () => {
    const served = new Set<string>(await prometheus.api('label/__name__/values'));
    for (const { alert, expr } of rules) {
      expect(metricsOf(expr).filter((name) => !served.has(name))).toEqual([]);
      if (/Fails|DialsFail/.test(alert)) continue; // Made to fail above, for the dashboards.
      expect(await prometheus.query(expr), alert).toEqual([]);
    }
    const loaded = (await prometheus.api('rules')).groups[0].rules as Record<string, string>[];
    expect(loaded.map(({ name, health }) => [name, health])).toEqual(
      rules.map(({ alert }) => [alert, 'ok']),
    );
  });
});

describe('the files', () => {
  it.skipIf(!hasPrometheus)('are right, and each alert fires as it should', () => {
    const check = (...args: string[]) =>
      execFileSync('promtool', args, { encoding: 'utf8', cwd: 'deploy/prometheus' });
    expect(check('check', 'config', 'prometheus.yaml')).toContain('SUCCESS');
    expect(check('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
    const tested = parse(readFileSync('deploy/prometheus/alerts.test.yaml', 'utf8')).tests.flatMap(
      (test: any) => test.alert_rule_test.map(({ alertname }: any) => alertname as string),
    );
    expect([...new Set(tested)].sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });

  it('show each metric of docs/operations.md somewhere', () => {
    const page = readFileSync('docs/operations.md', 'utf8');
    const listed = [...page.matchAll(/^\| `((?:postern|process)_\w+)`/gm)].map(([, name]) => name!);
    const shown = new Set(
      queries
        .flatMap(([, , expr]) => metricsOf(expr))
        .map((name) => name.replace(/_seconds_bucket$/, '_seconds')),
    );
    expect(listed.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('are dashboards that can live side by side', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    for (const { panels } of dashboards) {
      const places = panels.map(({ gridPos }) => JSON.stringify(gridPos));
      expect(new Set(places).size).toBe(places.length);
    }
  });
});
