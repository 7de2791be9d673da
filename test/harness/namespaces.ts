/**
 * Hosts of a network on this machine: Linux network namespaces on one bridge, each with an address and
 * names of its own. Needs root and iproute2; nothing of the machine's own network is touched.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ip = (...args: string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Whether namespaces with links between them can be made here. */
export function canMakeNamespaces(): boolean {
  const name = `pt${process.pid}probe`;
  if (process.getuid?.() !== 0 || spawnSync('ip', ['netns', 'add', name]).status !== 0)
    return false;
  const bridge =
    spawnSync('ip', ['-n', name, 'link', 'add', 'name', 'b', 'type', 'bridge']).status === 0;
  const pair = ['link', 'add', 'name', 'v', 'type', 'veth', 'peer', 'name', 'w'];
  const veth = spawnSync('ip', ['-n', name, ...pair]).status === 0;
  spawnSync('ip', ['netns', 'del', name]);
  return bridge && veth;
}

export class NetworkOfHosts {
  readonly #prefix: string;
  readonly #hosts: readonly string[];
  readonly #children: { child: ChildProcess; exited: Promise<unknown> }[] = [];

  private constructor(prefix: string, hosts: readonly string[]) {
    this.#prefix = prefix;
    this.#hosts = hosts;
  }

  /** @param hosts of at most eight letters, digits and dashes */
  static create(hosts: readonly string[]): NetworkOfHosts {
    const network = new NetworkOfHosts(`pt${process.pid}`, hosts);
    try {
      network.#build();
      return network;
    } catch (error) {
      network.#remove();
      throw error;
    }
  }

  #build(): void {
    const wire = this.namespace('wire');
    ip('netns', 'add', wire);
    ip('-n', wire, 'link', 'add', 'name', 'bridge', 'type', 'bridge');
    ip('-n', wire, 'link', 'set', 'bridge', 'up');
    for (const host of this.#hosts) {
      const name = this.namespace(host);
      ip('netns', 'add', name);
      ip(
        '-n',
        wire,
        'link',
        'add',
        'name',
        host,
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        name,
      );
      ip('-n', wire, 'link', 'set', host, 'master', 'bridge', 'up');
      ip('-n', name, 'addr', 'add', `${this.address(host)}/24`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  }

  namespace(host: string): string {
    return `${this.#prefix}-${host}`;
  }

  address(host: string): string {
    const index = this.#hosts.indexOf(host);
    if (index < 0) throw new Error(`no host ${host}`);
    return `10.77.0.${index + 1}`;
  }

  /** What every host resolves, and nothing else: `[name, host]`. */
  setNames(names: readonly (readonly [string, string])[]): void {
    const lines = [
      '127.0.0.1 localhost',
      ...names.map(([name, host]) => `${this.address(host)} ${name}`),
    ];
    for (const host of this.#hosts) {
      const folder = join('/etc/netns', this.namespace(host));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'hosts'), `${lines.join('\n')}\n`);
      // No name server: what is not in the file does not exist.
      writeFileSync(
        join(folder, 'resolv.conf'),
        'nameserver 127.0.0.1\noptions attempts:1 timeout:1\n',
      );
    }
  }

  /** Program and arguments that run a command on a host. */
  on(host: string, ...command: string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.namespace(host), ...command]];
  }

  /**
   * Starts a command on a host and resolves when a line of its output matches.
   * @throws Error with what it wrote when it ends before
   */
  async start(
    host: string,
    ready: RegExp,
    command: string[],
    options: { cwd?: string; env?: Record<string, string> } = {},
  ): Promise<void> {
    const [program, args] = this.on(host, ...command);
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    this.#children.push({ child, exited });
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr])
        createInterface(stream).on('line', (line) => {
          if (lines.length < 100) lines.push(line);
          if (ready.test(line)) resolve();
        });
      void exited.then(() => reject(new Error(`${command.join(' ')} ended: ${lines.join('\n')}`)));
    });
  }

  /** Ends what was started and removes the namespaces. */
  async close(): Promise<void> {
    for (const { child } of this.#children) child.kill();
    await Promise.all(this.#children.map(({ exited }) => exited));
    this.#remove();
  }

  #remove(): void {
    for (const host of [...this.#hosts, 'wire']) {
      spawnSync('ip', ['netns', 'del', this.namespace(host)]);
      rmSync(join('/etc/netns', this.namespace(host)), { recursive: true, force: true });
    }
  }
}
