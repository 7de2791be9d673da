/** Debian's OpenSSH as an application for tests: a server on loopback, run by whoever runs the tests. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SSHD = '/usr/sbin/sshd';
const TOOLS = [SSHD, '/usr/bin/ssh', '/usr/bin/ssh-keygen'];

/** What is missing; `undefined` when all is there. */
export function missingOpenSsh(): string | undefined {
  return TOOLS.find((tool) => !existsSync(tool));
}

export interface SshServer {
  readonly port: number;
  /** Options and destination for `ssh` through a local port, before the command. */
  clientArgs(port: number): string[];
  close(): Promise<void>;
}

/** A server with keys of its own, which lets the present user in by a key made for it. */
export async function startSshd(): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-ssh-'));
  const key = (name: string) => {
    const file = join(folder, name);
    execFileSync('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    return file;
  };
  const hostKey = key('host');
  const userKey = key('user');
  await copyFile(`${userKey}.pub`, join(folder, 'authorized_keys'));
  // Where root starts it, it wants to shut itself in there.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  const config = join(folder, 'sshd_config');
  await writeFile(
    config,
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      '',
    ].join('\n'),
  );
  const server = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const killAtExit = (): void => void server.kill('SIGKILL');
  process.once('exit', killAtExit);
  await untilListening(server);
  const knownHosts = join(folder, 'known_hosts');
  const [type, text] = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ');
  await writeFile(knownHosts, `postern-test ${type} ${text}\n`);
  return {
    port,
    clientArgs: (localPort) => [
      ...['-F', 'none', '-i', userKey, '-p', String(localPort), '-l', userInfo().username],
      ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'],
      ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'HostKeyAlias=postern-test'],
      '127.0.0.1',
    ],
    close: async () => {
      process.off('exit', killAtExit);
      const exited = once(server, 'exit');
      if (server.exitCode === null && server.kill('SIGTERM')) await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilListening(server: ChildProcess): Promise<void> {
  if (!server.stderr) throw new Error('standard error is not piped');
  let last = '';
  for await (const line of createInterface({ input: server.stderr })) {
    if (line.includes('Server listening')) {
      server.stderr.resume();
      return;
    }
    last = line;
  }
  throw new Error(`sshd did not start: ${last}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
