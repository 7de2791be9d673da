// `npm run apps`: the application matrix. Words pick applications, `--browser` an engine:
// npm run apps -- node-red verdaccio --browser chromium
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ensureBrowsers } from '../browsers/find.mjs';

const usage = `npm run apps -- [NAME…] [--browser chromium|firefox] [--rounds N] [--screenshots FOLDER] [--results FILE]`;
const known = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter((name) => readdirSync(new URL(name, import.meta.url)).includes('app.ts'));

const { values, positionals } = readArguments();
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  fail(`no such application: ${unknown.join(', ')} (there are ${known.join(', ')})`);
}
if (values.browser !== undefined && !['chromium', 'firefox'].includes(values.browser)) {
  fail(`--browser takes chromium or firefox, got "${values.browser}"`);
}
if (!/^[1-9]\d?$/.test(values.rounds)) fail(`--rounds takes 1 to 99, got "${values.rounds}"`);

ensureBrowsers();
step('npm', ['run', '--silent', 'build:unchecked']);
step('npx', ['vitest', 'run', '--project', 'apps', '--reporter=verbose'], {
  POSTERN_APPS: positionals.join(','),
  POSTERN_APPS_BROWSERS: values.browser ?? '',
  POSTERN_APPS_ROUNDS: values.rounds,
  ...(values.screenshots === undefined ? {} : { POSTERN_SCREENSHOTS: values.screenshots }),
  ...(values.results === undefined ? {} : { POSTERN_APPS_RESULTS: values.results }),
});

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        browser: { type: 'string' },
        rounds: { type: 'string', default: '2' },
        screenshots: { type: 'string' },
        results: { type: 'string' },
      },
    });
  } catch (error) {
    fail(error.message);
  }
}

function fail(problem) {
  console.error(`${problem}\n${usage}`);
  process.exit(2);
}

function step(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}
