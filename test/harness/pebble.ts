/** A real ACME server (Debian's pebble) with a name server of its own, on free loopback ports. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { findFreePorts } from '../../cli/src/demo/ports.ts';
import { TestCa } from './test-ca.ts';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** Whether `pebble` and its `pebble-challtestsrv` are installed. */
export const hasPebble = ['pebble', 'pebble-challtestsrv'].every(
  (program) => spawnSync(program, ['-h']).error === undefined,
);

export interface RunningPebble {
  directoryUrl: string;
  /** PEM file of the authority of pebble's own certificate. */
  caFile: string;
  /** Where it looks for HTTP-01 answers, at 127.0.0.1 for every name. */
  httpPort: number;
  /** Root of what it issues, PEM. */
  root: string;
  /** `POST set-txt {host, value}` and `clear-txt {host}` change what its name server says. */
  dnsUrl: string;
  close(): Promise<void>;
}

export async function startPebble(): Promise<RunningPebble> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-pebble-'));
  const ca = await TestCa.create('ACME server of the tests');
  const { cert, key } = await ca.leaf('pebble', {
    usages: [SERVER_AUTH],
    names: [{ type: 'ip', value: '127.0.0.1' }],
  });
  const [port, managementPort, httpPort, tlsPort, dnsPort, dnsManagementPort] =
    await findFreePorts(6);
  const file = (name: string) => join(dir, name);
  await writeFile(file('ca.pem'), ca.pem);
  await writeFile(file('cert.pem'), cert);
  await writeFile(file('key.pem'), key);
  const config = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: file('cert.pem'),
    privateKey: file('key.pem'),
    httpPort,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  };
  await writeFile(file('config.json'), JSON.stringify({ pebble: config }));
  const names = await run(
    'pebble-challtestsrv',
    [
      ...['-dns01', `127.0.0.1:${dnsPort}`, '-management', `127.0.0.1:${dnsManagementPort}`],
      ...['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''],
    ],
    /Starting management server/,
  );
  const pebble = await run(
    'pebble',
    ['-config', file('config.json'), '-dnsserver', `127.0.0.1:${dnsPort}`],
    /ACME directory available/,
  );
  const root = await get(`https://127.0.0.1:${managementPort}/roots/0`, ca.pem);
  return {
    directoryUrl: `https://127.0.0.1:${port}/dir`,
    caFile: file('ca.pem'),
    httpPort: httpPort!,
    root,
    dnsUrl: `http://127.0.0.1:${dnsManagementPort}`,
    close: async () => {
      await Promise.all([pebble, names].map(stop));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Starts a program; resolves when it wrote that it is ready. */
async function run(program: string, args: string[], ready: RegExp): Promise<ChildProcess> {
  // No pauses before validation: they imitate a slow network.
  const child = spawn(program, args, { env: { ...process.env, PEBBLE_VA_NOSLEEP: '1' } });
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        lines.push(line);
        if (ready.test(line)) resolve();
      });
    }
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${program} ended: ${lines.join('\n')}`)));
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function get(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { ca }, (response) => void text(response).then(resolve, reject))
      .on('error', reject)
      .end();
  });
}
