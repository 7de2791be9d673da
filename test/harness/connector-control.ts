import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { FrameSplitter } from '@postern/shared/protocol/channel';
import { ControlChannel } from '@postern/shared/protocol/control';
import { CONTROL_ALPN, type HostState } from '@postern/shared/schemas';
import type { RouterNetwork } from './router-network.ts';

/** The part of a controller that connectors see: one state for whoever connects, and others later. */
export async function startControl(network: RouterNetwork, state: () => HostState) {
  const { key, cert } = await network.pki.issue('controller', ['127.0.0.1']);
  const options = { key, cert, ca: network.pki.ca, requestCert: true };
  const open = new Map<TLSSocket, ControlChannel>();
  const server = createServer({ ...options, ALPNProtocols: [CONTROL_ALPN] }, (socket) => {
    const channel = new ControlChannel({
      pipe: {
        send: (frame) => void socket.write(frame),
        bufferedBytes: 0,
        close: () => socket.end(),
      },
      role: 'server',
      ownId: 'c1',
      accepts: [],
      onMessage: () => undefined,
    });
    open.set(socket, channel);
    socket.on('close', () => open.delete(socket));
    const splitter = new FrameSplitter(channel.limits, (frame) => channel.receive(frame));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => splitter.push(chunk));
    channel.opened.then(
      () => channel.send('hostState', state()),
      () => undefined,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `tls:127.0.0.1:${(server.address() as AddressInfo).port}`,
    push: (next: HostState) => {
      for (const channel of open.values()) channel.send('hostState', next);
    },
    stop: () => {
      for (const socket of open.keys()) socket.destroy();
      server.close();
    },
  };
}
