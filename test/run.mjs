// `npm test`: builds, finds or installs the browsers, runs every test project, and closes with one
// line "N passed, N failed, N skipped". Words after `--` pick projects: npm test -- unit e2e
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBrowsers } from './browsers/find.mjs';

const all = ['unit', 'workers', 'integration', 'e2e'];
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`No such test project: ${unknown.join(', ')} (there are ${all.join(', ')})`);
  process.exit(2);
}
const projects = chosen.length > 0 ? chosen : all;

if (projects.includes('e2e')) ensureBrowsers();
step('npm', ['run', '--silent', 'build']);

const reports = mkdtempSync(join(tmpdir(), 'postern-tests-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
for (const project of projects) {
  const outputFile = join(reports, `${project}.json`);
  console.log(`\n== ${project}`);
  const { status } = spawnSync(
    'npx',
    [
      'vitest',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${outputFile}`,
    ],
    { stdio: 'inherit' },
  );
  const report = existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, 'utf8')) : undefined;
  total.passed += report?.numPassedTests ?? 0;
  total.skipped += (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  // A project that ran nothing or broke outside a test counts as one failure.
  const failed = report?.numFailedTests ?? 0;
  total.failed += status === 0 ? failed : Math.max(failed, 1);
  for (const file of report?.testResults ?? []) {
    const inFile = file.assertionResults.filter((result) => result.status === 'failed');
    for (const { fullName } of inFile) failures.push(`${project}: ${file.name}: ${fullName}`);
    if (file.status === 'failed' && inFile.length === 0) {
      failures.push(`${project}: ${file.name}: ${file.message}`);
    }
  }
}
rmSync(reports, { recursive: true });
// Once more at the end, where whoever has only the last lines finds them.
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

function step(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
