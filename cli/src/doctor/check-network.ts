/** Names, ports, and whoever must answer over the network. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { reasonOf, type Finding } from './finding.ts';

const TIMEOUT_MS = 5_000;

export async function checkName(name: string): Promise<Finding> {
  const finding = { check: 'names' as const, subject: name };
  try {
    const addresses = await lookup(name, { all: true });
    return {
      ...finding,
      status: 'ok',
      message: addresses.map(({ address }) => address).join(', '),
    };
  } catch (error) {
    return {
      ...finding,
      status: 'failed',
      message: `does not resolve (${reasonOf(error)})`,
      action: 'Set its DNS record; `postern init` wrote them to dns.zone.',
    };
  }
}

/** Whether a part could listen there, or something (itself, if it runs) does so already. */
export async function checkPort(host: string, port: number): Promise<Finding> {
  const finding = { check: 'ports' as const, subject: `${host}:${port}` };
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return { ...finding, status: 'ok', message: 'free' };
  } catch (error) {
    const code = reasonOf(error);
    if (code === 'EADDRINUSE') {
      return {
        ...finding,
        status: 'ok',
        message: 'in use: by this part if it runs, else by another program (ss -ltnp tells which)',
      };
    }
    return {
      ...finding,
      status: 'failed',
      message: `cannot be listened on (${code})`,
      action:
        code === 'EACCES'
          ? 'Ports below 1024 need the capability CAP_NET_BIND_SERVICE (docs/deployment.md).'
          : 'Is the address one of this machine?',
    };
  } finally {
    server.close();
  }
}

/** Whether something accepts connections. */
export async function checkReachable(
  check: Finding['check'],
  subject: string,
  at: { host: string; port: number } | { path: string },
  action: string,
): Promise<Finding> {
  const socket = connect(at);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { check, subject, status: 'ok', message: 'accepts connections' };
  } catch (error) {
    return {
      check,
      subject,
      status: 'failed',
      message: `does not answer (${reasonOf(error)})`,
      action,
    };
  } finally {
    socket.destroy();
  }
}

const CLOCK_CODES = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** A control listener: reachable, and of the controller's authority. @param ca PEM */
export async function checkControl(address: string, ca: string | undefined): Promise<Finding> {
  const separator = address.lastIndexOf(':');
  const host = address.slice('tls:'.length, separator).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(separator + 1));
  const action = 'Does the controller run, and do firewalls let this machine reach that port?';
  if (ca === undefined) return checkReachable('controller', address, { host, port }, action);
  const socket = connectTls({ host, port, ca, servername: host });
  const finding = { check: 'controller' as const, subject: address };
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { ...finding, status: 'ok', message: 'answers, with a certificate of our authority' };
  } catch (error) {
    const code = reasonOf(error);
    return {
      ...finding,
      status: 'failed',
      message: `does not answer as it should (${code})`,
      action: CLOCK_CODES.has(code)
        ? 'Compare the clocks of this machine and the controller.'
        : action,
    };
  } finally {
    socket.destroy();
  }
}
