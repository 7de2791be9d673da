import { once } from 'node:events';
import { connect } from 'node:net';
import { AppError } from '@postern/shared/errors';

const CONNECT_MS = 3_000;

/**
 * Makes sure that something accepts connections where the app should be, so that nothing is made for a share
 * that could not show anything.
 * @returns The target to use: `localhost` may be either loopback address, and the one that answers is taken.
 * @throws AppError `ERR_EXPOSE_UNREACHABLE`
 */
export async function checkTarget(target: string): Promise<string> {
  if (target.startsWith('unix:')) {
    await tryConnect({ path: target.slice(5) }, target);
    return target;
  }
  const url = new URL(target);
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  if (url.hostname !== 'localhost' || url.protocol === 'https:') {
    await tryConnect({ host: url.hostname.replace(/^\[|\]$/g, ''), port }, target);
    return target;
  }
  try {
    await tryConnect({ host: '127.0.0.1', port }, target);
    return `http://127.0.0.1:${port}`;
  } catch (refused) {
    await tryConnect({ host: '::1', port }, target).catch(() => {
      throw refused;
    });
    return `http://[::1]:${port}`;
  }
}

async function tryConnect(
  address: { path: string } | { host: string; port: number },
  target: string,
): Promise<void> {
  const socket = connect(address);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new AppError(
      'ERR_EXPOSE_UNREACHABLE',
      `Nothing answers at ${target}${code}: start the app first, or correct its address`,
      { cause },
    );
  } finally {
    socket.destroy();
  }
}
