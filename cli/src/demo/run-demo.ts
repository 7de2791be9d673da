import { rm } from 'node:fs/promises';
import { startDemo, type Demo } from './start-demo.ts';
import { parseDemoOptions, type DemoFlags } from './options.ts';
import { waitForStop } from '../process/wait-for-stop.ts';

/** `postern demo`: everything on this machine, until SIGINT or SIGTERM. */
export async function runDemo(flags: DemoFlags): Promise<void> {
  const options = parseDemoOptions(flags);
  const stopped = waitForStop();
  const abort = new AbortController();
  void stopped.then(() => abort.abort());
  const demo = await startDemo(options, {}, abort.signal);
  if (demo) {
    process.stdout.write(options.json ? `${JSON.stringify(demo.report)}\n` : welcome(demo));
    await stopped;
    await demo.stop();
    if (options.dataDir === undefined && !options.keep) {
      await rm(demo.report.dataDir, { recursive: true, force: true });
    }
  }
}

function welcome({ report }: Demo): string {
  const apps = report.apps.map((app) => `    ${app.url}`).join('\n');
  return `
  Postern is running. Open in your browser:

${apps}

  Sign in as   ${report.login.username}
  Password     ${report.login.password}

  Admin console: ${report.console}
  Administration (REST): ${report.admin.url}
  User ${report.admin.username}, password ${report.admin.password}
  Certificate authority: ${report.caFile}
  Data and logs: ${report.dataDir}

  Stop with Ctrl+C.
`;
}
