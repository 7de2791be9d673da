/** The unmodified Python SDK of OpenZiti (the C SDK within) against our controller and routers. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InteropProgram, runProgram } from '../harness/interop-program.ts';
import { SdkNetwork } from '../harness/sdk-network.ts';
import { pythonWithWheel } from './python-wheel.ts';

const python = pythonWithWheel();
if (python === undefined) process.stdout.write('skipped: no Python wheel\n');
const script = join(import.meta.dirname, 'python', 'interop.py');

describe.skipIf(python === undefined)('Python SDK', () => {
  let network: SdkNetwork;
  const programs: InteropProgram[] = [];
  const run = (...args: string[]) => runProgram(python ?? '', [script, ...args], ENV);
  const start = (...args: string[]): InteropProgram => {
    const program = new InteropProgram(python ?? '', [script, ...args], ENV);
    programs.push(program);
    return program;
  };
  beforeAll(async () => {
    network = await SdkNetwork.start();
    await network.startRouter('r1');
    await network.service('echo', { acceptedEncryption: ['ziti'] });
  });
  afterAll(async () => {
    for (const program of programs) program.kill();
    await network?.close();
  });

  it('hosts and dials', async () => {
    const host = await network.enrolled('host', ['hosts', 'anywhere']);
    const dialer = await network.enrolled('dialer', ['dials', 'anywhere']);
    const hosting = start('host', host, 'echo', 'python');
    await hosting.line('hosting');
    await network.until(async () => (await network.list('terminators')).length === 1);
    const done = await run('dial', dialer, 'echo', '1000000');
    expect(done).toEqual({ host: 'python', bytes: 1_000_000 });
    expect(await hosting.line('echoed')).toEqual({ echoed: 1_000_000 });
  });
});

const ENV = { ZITI_LOG: '3' };
