/** A TCP relay that a test can cut: the network between two routers. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  /** `host:port` to advertise. */
  readonly address: string;
  /** Loopback port connections are relayed to. */
  target: number;
  /** Resets every connection; new ones are relayed. */
  cut(): void;
  /** Nothing gets through any more, and nobody is told. */
  silence(): void;
  /** Leaves connections alone; new ones are refused. */
  refuse(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const proxy: TcpProxy = {
    address: '',
    target: 0,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    silence: () =>
      sockets.forEach((socket) => {
        socket.unpipe();
        socket.pause();
      }),
    refuse: () => void server.close(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        proxy.cut();
      }),
  };
  const server = createServer((inbound) => {
    const outbound = connect(proxy.target, '127.0.0.1');
    for (const [socket, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(proxy, { address: `127.0.0.1:${(server.address() as AddressInfo).port}` });
}
