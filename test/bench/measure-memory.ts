/** What a router's process grows by for each browser that is connected and does nothing, and for each circuit. */
import { readFileSync } from 'node:fs';
import { RouterNetwork } from '../harness/router-network.ts';
import type { FigureTable } from './figures.ts';
import { startRouter } from './router-paths.ts';

const CLIENTS = 1_000;
/** Below what one client may open. */
const CIRCUITS_PER_CLIENT = 200;
const CIRCUITS = 2_000;
/** One address may have 20 connections that have not said who they are. */
const AT_ONCE = 10;

type Browser = Awaited<ReturnType<RouterNetwork['browser']>>;

/** Adds the figures; takes about half a minute. */
export async function measureMemory(table: FigureTable): Promise<void> {
  const network = await RouterNetwork.create();
  try {
    const { pid } = await startRouter(network, 'r1');
    await network.startHost('r1', (circuit) => (circuit.onMessage = () => undefined));
    // What the first ones load and compile is no client's.
    const browsers = await connect(network, 100);
    await dial(network, browsers.slice(0, 1), 100);
    const before = residentBytes(pid);
    browsers.push(...(await connect(network, CLIENTS)));
    const connected = residentBytes(pid);
    await dial(network, browsers.slice(1, 1 + CIRCUITS / CIRCUITS_PER_CLIENT), CIRCUITS_PER_CLIENT);
    const dialed = residentBytes(pid);
    const kibibytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
    table.add(
      'Memory of a router: idle browser',
      kibibytes((connected - before) / CLIENTS),
      `of ${CLIENTS}, by its resident memory (target: at most 40 KiB)`,
    );
    table.add(
      'Memory of a router: idle circuit',
      kibibytes((dialed - connected) / CIRCUITS),
      `of ${CIRCUITS}, both its legs`,
    );
  } finally {
    await network.close();
  }
}

async function connect(network: RouterNetwork, count: number): Promise<Browser[]> {
  const browsers: Browser[] = [];
  while (browsers.length < count) {
    const some = Array.from({ length: AT_ONCE }, async () => {
      const browser = await network.browser('r1');
      await browser.edge.opened;
      return browser;
    });
    browsers.push(...(await Promise.all(some)));
  }
  return browsers;
}

/** A client may dial 20 times a second. */
async function dial(network: RouterNetwork, browsers: Browser[], each: number): Promise<void> {
  await Promise.all(
    browsers.map(async ({ edge }) => {
      for (let done = 0; done < each;) {
        try {
          await edge.dial(await network.dialGrant());
          done += 1;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    }),
  );
}

/** Linux only. */
function residentBytes(pid: number): number {
  const [, kilobytes] =
    /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
