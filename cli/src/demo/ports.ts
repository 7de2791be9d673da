import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { AppError } from '@postern/shared/errors';

const loopback = '127.0.0.1';

/** Holds `count` listeners at once, so that the ports differ, and lets them go. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(
      servers.map(async (server) => {
        server.listen(0, loopback);
        await once(server, 'listening');
        const address = server.address();
        if (address === null || typeof address === 'string') {
          throw new AppError('ERR_DEMO_PORT', 'the system gave no port');
        }
        return address.port;
      }),
    );
  } finally {
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  }
}

/** True if nothing listens on that loopback port. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, loopback);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/**
 * Makes sure that something accepts connections at an app's address.
 * @throws {AppError} `ERR_DEMO_APP_UNREACHABLE`
 */
export async function checkReachable(name: string, target: string): Promise<void> {
  const url = new URL(target);
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const socket = connect({ host: url.hostname, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(3_000) });
  } catch (cause) {
    throw new AppError(
      'ERR_DEMO_APP_UNREACHABLE',
      `Nothing answers at ${target} (--app ${name}): start that app first, or correct its address`,
      { cause },
    );
  } finally {
    socket.destroy();
  }
}
