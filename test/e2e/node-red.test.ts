/** A real application that nobody here wrote: Node-RED, edited and deployed through the gateway. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../cli/src/demo/ports.ts';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';

const nodeRedScript = fileURLToPath(
  new URL('../apps/node-red/node_modules/node-red/red.js', import.meta.url),
);

describe.each(browserKinds)('Node-RED in %s', (kind) => {
  const userDir = mkdtempSync(join(tmpdir(), 'postern-node-red-'));
  let nodeRed: ChildProcess;
  let direct: string;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;

  beforeAll(async () => {
    const [port] = await findFreePorts(1);
    direct = `http://127.0.0.1:${port}`;
    writeFileSync(
      join(userDir, 'settings.js'),
      `module.exports = { uiHost: '127.0.0.1', uiPort: ${port}, flowFile: 'flows.json', telemetry: { enabled: false }, tours: false, editorTheme: { tours: false } };`,
    );
    nodeRed = spawn(process.execPath, [nodeRedScript, '--userDir', userDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let log = '';
    while (!log.includes('Server now running')) {
      const [chunk] = (await once(nodeRed.stdout!, 'data')) as [Buffer];
      log += chunk.toString();
    }
    nodeRed.stdout!.resume();
    demo = await startDemo('--app', `nodered=${direct}`);
    browser = await launchBrowser(kind);
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    if (nodeRed?.exitCode === null) {
      nodeRed.kill('SIGTERM');
      await once(nodeRed, 'exit');
    }
    rmSync(userDir, { recursive: true, force: true });
  });

  it('loads the editor with its palette', async () => {
    await openSignedIn(page, demo, demo.app('nodered').url);
    await page.waitFor(
      `window.RED && document.querySelectorAll('.red-ui-palette-node').length > 20`,
      60_000,
    );
  });

  it('keeps its WebSocket connected', async () => {
    await page.waitFor(
      `window.RED.comms && document.querySelector('#red-ui-loading-progress') === null || document.querySelector('.red-ui-workspace-chart-background')`,
    );
    const stable = await page.evaluate<string>(`new Promise((resolve) => {
      let lost = 0;
      let got = 0;
      RED.events.on('runtime-state', () => got++);
      RED.comms.subscribe('#', () => got++);
      const look = setInterval(() => {
        if (/lost connection/i.test(document.body.innerText)) lost++;
      }, 200);
      setTimeout(() => { clearInterval(look); resolve(lost === 0 ? 'connected' : 'lost'); }, 5000);
    })`);
    expect(stable).toBe('connected');
  });

  it('deploys a flow that then answers, direct and through the gateway', async () => {
    await page.evaluate(`(() => {
      RED.view.importNodes(JSON.stringify([
        { id: 'f1', type: 'tab', label: 'Postern' },
        { id: 'n1', type: 'http in', z: 'f1', name: '', url: '/hello', method: 'get', x: 120, y: 80, wires: [['n2']] },
        { id: 'n2', type: 'template', z: 'f1', name: '', field: 'payload', format: 'handlebars', syntax: 'plain', template: 'hello from the flow', output: 'str', x: 300, y: 80, wires: [['n3']] },
        { id: 'n3', type: 'http response', z: 'f1', name: '', statusCode: '', headers: {}, x: 480, y: 80, wires: [] },
      ]), { generateIds: false, touchImport: true, addFlow: false });
    })()`);
    await page.waitFor(
      `!document.querySelector('#red-ui-header-button-deploy').classList.contains('disabled')`,
    );
    await page.evaluate(`RED.events.on('deploy', () => { window.deployed = true; })`);
    await page.click('#red-ui-header-button-deploy');
    await page.waitFor(`window.deployed && !RED.nodes.dirty()`);
    const through = await page.evaluate<string>(`fetch('/hello').then((r) => r.text())`);
    expect(through).toBe('hello from the flow');
    expect(await (await fetch(`${direct}/hello`)).text()).toBe('hello from the flow');
  });
});
