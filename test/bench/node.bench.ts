import { it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { startDemo } from '../harness/demo.ts';
import { BenchProcess } from './bench-server.ts';
import { NodeClient } from './node-client.ts';
import { request } from '../harness/connector-client.ts';
import { cpuSeconds } from './cpu-time.ts';
it('node', async () => {
  const server = await BenchProcess.start('browser/server.mjs');
  const demo = await startDemo('--app', `bench=http://127.0.0.1:${server.port}`);
  const client = await NodeClient.signIn(demo, 'bench');
  const { session, routerName, close } = await client.connect();
  console.log(routerName, demo.report.pids);
  const pids: Record<string, number> = { self: process.pid, app: server.pid, connector: demo.report.pids.connector, r1: demo.report.pids.routers[0]!, r2: demo.report.pids.routers[1]! };
  const cpu = () => Object.fromEntries(Object.entries(pids).map(([k, p]) => [k, cpuSeconds(p)]));
  const lat: number[] = [];
  for (let i = 0; i < 600; i++) { const t = performance.now(); const a = await request(session, `/tiny?${i}`); await a.text(); if (i > 100) lat.push(performance.now() - t); }
  lat.sort((a, b) => a - b);
  console.log('latency', lat[250], lat[495]);
  for (const size of [192, 192, 192]) {
    const before = cpu(); const t = performance.now();
    const a = await request(session, `/down?mb=${size}`);
    let n = 0; for (let c = await a.stream.read(); c; c = await a.stream.read()) n += c.length;
    const s = (performance.now() - t) / 1e3; const after = cpu();
    console.log('down', (n / 1e6 / s).toFixed(0), 'MB/s', Object.entries(after).map(([k, v]) => `${k} ${((v - before[k]!) / (n / 1e6) * 1e3).toFixed(2)} ms/MB`).join(' '));
  }
  for (const size of [192, 192, 192]) {
    const before = cpu(); const t = performance.now();
    const part = new Uint8Array(65536); const count = size * 1e6 / 65536 | 0;
    const a = await request(session, `/up`, { method: 'POST', body: (async function* () { for (let i = 0; i < count; i++) yield part; })() });
    await a.text(); const n = count * 65536;
    const s = (performance.now() - t) / 1e3; const after = cpu();
    console.log('up', (n / 1e6 / s).toFixed(0), 'MB/s', Object.entries(after).map(([k, v]) => `${k} ${((v - before[k]!) / (n / 1e6) * 1e3).toFixed(2)} ms/MB`).join(' '));
  }
  close(); await client.close(); await demo.stop(); await server.stop();
});
