/** Two ends with something between them: routers, or bare relays, in processes of their own. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { RunningRouter } from '@postern/router';
import type { Circuit } from '@postern/shared/protocol/edge';
import { WebSocket, WebSocketServer } from 'ws';
import type { RouterNetwork } from '../harness/router-network.ts';
import { BenchProcess } from './bench-server.ts';

/** A record of 64 KiB. */
const message = Buffer.alloc(65_536 + 24, 7);
export const totalBytes = 192e6;
const highWaterBytes = 4e6;
const ROUND_TRIPS = 500;
const small = Buffer.alloc(100, 7);

export interface Path {
  /** The processes that forward. */
  readonly pids: number[];
  readonly toHost: () => Promise<void>;
  readonly toClient: () => Promise<void>;
  /** Round trips of 100 bytes, one after the other, ms. */
  readonly roundTrips: () => Promise<number[]>;
}

/** A router in a process of its own, which the network then treats like one of its own. */
export async function startRouter(
  network: RouterNetwork,
  id: string,
  groups?: string[],
): Promise<BenchProcess> {
  const listen = { host: '127.0.0.1', port: 0 };
  const process = await BenchProcess.start(
    'router-process.mjs',
    JSON.stringify({
      stateDir: await network.enrollRouter(id),
      edge: { ...listen, tls: 'none' },
      fabric: listen,
      metrics: listen,
      ...(groups && { links: { groups } }),
    }),
  );
  const close = () => process.stop();
  const addresses = process.started as Omit<RunningRouter, 'close'>;
  network.routers.set(id, { ...addresses, close, [Symbol.asyncDispose]: close });
  await network.controller.changed.until(
    () => network.controller.isConnected(id),
    `${id} at the controller`,
  );
  await network.inSync();
  return process;
}

/** A host on one router that takes circuits from browsers on another, one after the other. */
export async function startCircuits(
  network: RouterNetwork,
  near: string,
  far: string,
): Promise<() => Promise<{ client: Circuit; host: Circuit }>> {
  let taken: (circuit: Circuit) => void = () => undefined;
  await network.startHost(far, (circuit) => taken(circuit));
  await network.inSync();
  return async () => {
    const host = new Promise<Circuit>((resolve) => (taken = resolve));
    const { edge } = await network.browser(near);
    const client = await edge.dial(await network.dialGrant());
    return { client, host: await host };
  };
}

export async function routerPath(
  network: RouterNetwork,
  near: string,
  far: string,
  pids: number[],
): Promise<Path> {
  const { client, host } = await (await startCircuits(network, near, far))();
  return {
    pids,
    toHost: () => sendOverCircuit(client, host),
    toClient: () => sendOverCircuit(host, client),
    roundTrips: () => circuitRoundTrips(client, host),
  };
}

/** Times small messages there and back, one at a time. */
export async function circuitRoundTrips(
  client: Circuit,
  host: Circuit,
  count = ROUND_TRIPS,
): Promise<number[]> {
  host.onMessage = (data) => host.send(data.slice());
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const startMs = performance.now();
    await new Promise<void>((resolve) => {
      client.onMessage = () => resolve();
      client.send(new Uint8Array(small));
    });
    times.push(performance.now() - startMs);
  }
  return times;
}

function sendOverCircuit(from: Circuit, to: Circuit): Promise<void> {
  const received = new Promise<void>((resolve, reject) => {
    let bytes = 0;
    to.onMessage = (message) => {
      bytes += message.length;
      if (bytes >= totalBytes) resolve();
    };
    to.onClose = ({ code }) => reject(new Error(`circuit closed: ${code}`));
  });
  const send = async () => {
    for (let sent = 0; sent < totalBytes; sent += message.length) {
      await from.ready(message.length);
      from.send(message);
    }
  };
  return Promise.all([received, send()]).then(() => undefined);
}

/** Relays in a row. With TLS every connection but the client's has it, as with routers. */
export async function relayPath(
  network: RouterNetwork,
  hops: number,
  secure: boolean,
): Promise<{ path: Path; close: () => Promise<void> }> {
  const credential = secure ? await network.pki.issue('relay') : undefined;
  const end: Server = credential
    ? createTlsServer({ ...credential, minVersion: 'TLSv1.3' })
    : createServer();
  const sockets = new WebSocketServer({ server: end, perMessageDeflate: false });
  end.listen(0, '127.0.0.1');
  await once(end, 'listening');
  const url = (port: number) => `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}`;
  const relays: BenchProcess[] = [];
  let { port } = end.address() as AddressInfo;
  for (let hop = hops; hop >= 1; hop--) {
    const listens = hop > 1 && credential ? [JSON.stringify(credential)] : [];
    const relay = await BenchProcess.start('relay.mjs', url(port), ...listens);
    relays.push(relay);
    ({ port } = relay);
  }
  const joined = once(sockets, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(client, 'open');
  const [host] = await joined;
  return {
    path: {
      pids: relays.map(({ pid }) => pid),
      toHost: () => sendOverSocket(client, host),
      toClient: () => sendOverSocket(host, client),
      roundTrips: () => socketRoundTrips(client, host),
    },
    close: async () => {
      client.terminate();
      end.close();
      await Promise.all(relays.map((relay) => relay.stop()));
    },
  };
}

async function socketRoundTrips(client: WebSocket, host: WebSocket): Promise<number[]> {
  const echo = (data: Buffer): void => host.send(data);
  host.on('message', echo);
  const times: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const startMs = performance.now();
    client.send(small);
    await once(client, 'message');
    times.push(performance.now() - startMs);
  }
  host.off('message', echo);
  return times;
}

async function sendOverSocket(from: WebSocket, to: WebSocket): Promise<void> {
  const received = new Promise<void>((resolve) => {
    let bytes = 0;
    const count = (data: Buffer) => {
      bytes += data.length;
      if (bytes < totalBytes) return;
      to.off('message', count);
      resolve();
    };
    to.on('message', count);
  });
  for (let sent = 0; sent < totalBytes; sent += message.length) {
    if (from.bufferedAmount < highWaterBytes) from.send(message);
    else await new Promise((resolve) => from.send(message, resolve));
  }
  await received;
}
