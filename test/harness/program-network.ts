/** A network for programs: a controller, routers as processes that can be killed, a connector, identities. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { enrollProgram } from '@postern/connector/sdk';
import {
  connectorConfigSchema,
  createConnector,
  type ConnectorConfigInput,
} from '@postern/connector';
import { PartProcess } from '../fault/part-process.ts';
import { SdkNetwork } from './sdk-network.ts';

const LISTEN = { host: '127.0.0.1', port: 0 };

export class ProgramNetwork {
  readonly sdk: SdkNetwork;
  readonly #closers: (() => unknown)[] = [];

  private constructor(sdk: SdkNetwork) {
    this.sdk = sdk;
  }

  static async start(): Promise<ProgramNetwork> {
    return new ProgramNetwork(await SdkNetwork.start());
  }

  /** A router in a process of its own, online. Runs from `dist`. */
  async routerProcess(name: string): Promise<PartProcess> {
    const { sdk } = this;
    const id = await sdk.create('edge-routers', { name });
    const enrollmentJwtFile = join(sdk.dir, `${name}.jwt`);
    await writeFile(enrollmentJwtFile, (await sdk.get(`edge-routers/${id}`)).enrollmentJwt);
    const part = new PartProcess(sdk.dir, name, 'router', {
      stateDir: join(sdk.dir, name),
      enrollmentJwtFile,
      edge: { ...LISTEN, tls: 'none' },
      fabric: LISTEN,
    });
    this.#closers.push(() => part.kill());
    await part.start();
    await sdk.until(async () => (await sdk.get(`edge-routers/${id}`)).isOnline === true);
    return part;
  }

  /** An identity that may dial (`dials`) or host (`hosts`) everything; answers its identity file. */
  async enrolled(name: string, ...attributes: string[]): Promise<string> {
    const { jwtFile } = await this.sdk.identity(name, [...attributes, 'anywhere']);
    const file = join(this.sdk.dir, `${name}.json`);
    await enrollProgram({ token: await readFile(jwtFile, 'utf8'), file });
    return file;
  }

  /** A connector for these services, hosted on all routers when it resolves. */
  async connector(
    services: NonNullable<ConnectorConfigInput['services']>,
    routers = 1,
  ): Promise<void> {
    const name = `connector-${services.map(({ service }) => service).join('-')}`;
    const { jwtFile } = await this.sdk.identity(name, ['hosts', 'anywhere']);
    const connector = await createConnector(
      connectorConfigSchema.parse({
        stateDir: join(this.sdk.dir, name),
        enrollmentJwtFile: jwtFile,
        services,
      }),
    );
    this.#closers.push(() => connector.close());
    await this.hosted(services.length * routers);
  }

  /** Resolves when so many terminators are there. */
  hosted(terminators: number): Promise<void> {
    return this.sdk.until(async () => (await this.sdk.list('terminators')).length >= terminators);
  }

  /** To be ended with the network, before what was there earlier. */
  onClose(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.reverse()) await closer();
    await this.sdk.close();
  }
}

/** A TCP server that sends back what it gets, and ends when the other side does. */
export async function startEcho(): Promise<{ target: string; close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
