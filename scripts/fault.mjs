// npm run fault -- --scenario NAME [--rounds N] [--seed S] [--streams N] [--mib N] [--routers N,N,…]
// Runs one scenario of test/fault for that many rounds and prints its report (docs/reliability.md).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { simulationMarkdown } from './simulation-markdown.mjs';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'kill-transit' },
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    streams: { type: 'string', default: '8' },
    mib: { type: 'string', default: '4' },
    routers: { type: 'string', default: '50,100,200,300,400,500' },
    minutes: { type: 'string', default: '10' },
  },
});
const { scenario } = values;
const isSimulation = scenario === 'simulate';
const file = isSimulation ? 'simulate' : 'fault';
const folder = mkdtempSync(join(tmpdir(), 'postern-fault-report-'));
const report = join(folder, 'report.json');
// Processes of a scenario run from dist; the simulator is one process and runs from source.
if (!isSimulation) {
  const built = spawnSync('npm', ['run', '--silent', 'build:unchecked'], { stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
// Some need a network of their own, which root may make: partitions, and clients that do not read, whose unread
// bytes would otherwise take memory of the same kernel twice, as sent and as received.
const needs = {
  'partition-controller': '',
  'stalled-readers': 'echo "4096 65536 65536" > /proc/sys/net/ipv4/tcp_rmem && ',
}[scenario];
const isApart =
  needs !== undefined &&
  spawnSync('unshare', ['-n', 'ip', 'link', 'show', 'lo'], { stdio: 'ignore' }).status === 0;
const vitest = ['vitest', 'run', '--project', 'integration', `test/fault/${file}.test.ts`];
const { status } = spawnSync(
  ...(isApart
    ? ['unshare', ['-n', 'sh', '-c', `ip link set lo up && ${needs}exec npx ${vitest.join(' ')}`]]
    : ['npx', vitest]),
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      // 500 routers that each know all others and 5,000 terminators.
      ...(isSimulation && {
        NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --max-old-space-size=8192`,
      }),
      ...(isApart && { POSTERN_FAULT_NAMESPACE: 'own' }),
      POSTERN_FAULT_SCENARIO: scenario,
      POSTERN_FAULT_ROUNDS: values.rounds,
      POSTERN_FAULT_SEED: values.seed,
      POSTERN_FAULT_STREAMS: values.streams,
      POSTERN_FAULT_MIB: values.mib,
      POSTERN_FAULT_ROUTERS: values.routers,
      POSTERN_FAULT_MINUTES: values.minutes,
      POSTERN_FAULT_REPORT: report,
    },
  },
);
if (status === 0) {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  console.log(JSON.stringify(result, null, 2));
  if (isSimulation) console.log(`\n${simulationMarkdown(result)}`);
}
rmSync(folder, { recursive: true });
process.exit(status ?? 1);
