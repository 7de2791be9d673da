// npm run fault -- --scenario kill-transit --rounds 100 --seed 1 [--streams 20] [--mib 256]
// Runs one scenario of test/fault for that many rounds and prints its report.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'kill-transit' },
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    streams: { type: 'string', default: '8' },
    mib: { type: 'string', default: '4' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'postern-fault-report-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'integration', 'test/fault/fault.test.ts'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      POSTERN_FAULT_SCENARIO: values.scenario,
      POSTERN_FAULT_ROUNDS: values.rounds,
      POSTERN_FAULT_SEED: values.seed,
      POSTERN_FAULT_STREAMS: values.streams,
      POSTERN_FAULT_MIB: values.mib,
      POSTERN_FAULT_REPORT: report,
    },
  },
);
if (status === 0) console.log(JSON.stringify(JSON.parse(readFileSync(report, 'utf8')), null, 2));
rmSync(folder, { recursive: true });
process.exit(status ?? 1);
