import { rm } from 'node:fs/promises';
import type { Terminal } from '../terminal/terminal.ts';
import { keepDemoProfile, type DemoProfile } from './demo-profile.ts';
import { startDemo, type Demo } from './start-demo.ts';
import { parseDemoOptions, type DemoFlags } from './options.ts';
import { waitForStop } from '../process/wait-for-stop.ts';

/** `postern demo`: everything on this machine, until SIGINT or SIGTERM. */
export async function runDemo(terminal: Terminal, flags: DemoFlags): Promise<void> {
  const options = parseDemoOptions(flags);
  const stopped = waitForStop();
  const abort = new AbortController();
  void stopped.then(() => abort.abort());
  const demo = await startDemo(options, {}, abort.signal);
  if (demo) {
    const profile = await keepDemoProfile(terminal, demo.profile);
    terminal.out(options.json ? `${JSON.stringify(demo.report)}\n` : welcome(demo, profile));
    await stopped;
    await profile?.remove();
    await demo.stop();
    if (options.dataDir === undefined && !options.keep) {
      await rm(demo.report.dataDir, { recursive: true, force: true });
    }
  }
}

function welcome({ report }: Demo, profile: DemoProfile | undefined): string {
  const share =
    profile &&
    `\n  Share an app of yours, from another terminal:\n    postern expose 3000 --allow ${report.login.username}${profile.option}\n`;
  const apps = report.apps.map((app) => `    ${app.url}`).join('\n');
  return `
  Postern is running. Open in your browser:

${apps}

  Sign in as   ${report.login.username}
  Password     ${report.login.password}
${share ?? ''}
  Admin console: ${report.console}
  Administration (REST): ${report.admin.url}
  User ${report.admin.username}, password ${report.admin.password}
  Certificate authority: ${report.caFile}
  Data and logs: ${report.dataDir}

  Stop with Ctrl+C.
`;
}
