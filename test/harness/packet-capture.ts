import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why packets cannot be captured here, or `undefined` if they can. */
export function captureProblem(): string | undefined {
  if (process.getuid?.() !== 0) return 'capturing packets needs root';
  return spawnSync('tcpdump', ['--version']).status === 0 ? undefined : 'tcpdump is not installed';
}

/** Everything that crosses the loopback device from or to some TCP ports, byte for byte. */
export class PacketCapture {
  readonly #folder = mkdtempSync(join(tmpdir(), 'postern-capture-'));
  readonly #tcpdump: ChildProcess;

  private constructor(ports: readonly number[]) {
    const filter = ports.map((port) => `tcp port ${port}`).join(' or ');
    const args = [
      '-i',
      'lo',
      '-U',
      '-s',
      '0',
      '-B',
      '65536',
      '-Z',
      'root',
      '-w',
      this.#file,
      filter,
    ];
    this.#tcpdump = spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  static async start(ports: readonly number[]): Promise<PacketCapture> {
    const capture = new PacketCapture(ports);
    let said = '';
    while (!said.includes('listening on')) {
      const [chunk] = (await once(capture.#tcpdump.stderr!, 'data')) as [Buffer];
      said += chunk.toString();
    }
    return capture;
  }

  /**
   * Stops and returns the capture file's bytes.
   * @param expectedBytes The kernel hands packets over late: wait up to 5 s for so many.
   */
  async stop(expectedBytes: number): Promise<Buffer> {
    const deadlineMs = Date.now() + 5_000;
    while (statSync(this.#file).size < expectedBytes && Date.now() < deadlineMs) await sleep(50);
    const exited = once(this.#tcpdump, 'exit');
    this.#tcpdump.kill('SIGINT');
    await exited;
    const bytes = readFileSync(this.#file);
    rmSync(this.#folder, { recursive: true });
    return bytes;
  }

  get #file(): string {
    return join(this.#folder, 'capture.pcap');
  }
}
