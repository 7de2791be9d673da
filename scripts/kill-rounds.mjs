// node scripts/kill-rounds.mjs --rounds 200 --store sqlite|postgres --seed 1
// Runs test/integration/store-kill-rounds.test.ts for that many rounds and prints its report.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    store: { type: 'string', default: 'sqlite' },
    seed: { type: 'string', default: '1' },
  },
});
const kinds = { sqlite: 'sqlite', postgres: 'postgresql' };
if (!Object.hasOwn(kinds, values.store)) {
  console.error('--store must be sqlite or postgres');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'postern-kill-rounds-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'integration', 'test/integration/store-kill-rounds.test.ts'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      POSTERN_KILL_ROUNDS: values.rounds,
      POSTERN_KILL_STORE: kinds[values.store],
      POSTERN_KILL_SEED: values.seed,
      POSTERN_KILL_REPORT: report,
    },
  },
);
if (status === 0) console.log(JSON.stringify(JSON.parse(readFileSync(report, 'utf8')), null, 2));
rmSync(folder, { recursive: true });
process.exit(status ?? 1);
