import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

export async function use({ page, tag }: ScriptContext): Promise<void> {
  await page.waitFor(
    `window.RED && document.querySelectorAll('.red-ui-palette-node').length > 20 && RED.nodes.workspace(RED.workspaces.active())`,
    60_000,
  );
  const nodes = [
    { id: `${tag}f`, type: 'tab', label: tag },
    node(`${tag}1`, 'http in', 120, [`${tag}2`], { url: `/${tag}`, method: 'get' }),
    node(`${tag}2`, 'template', 300, [`${tag}3`, `${tag}4`], {
      ...{ field: 'payload', format: 'handlebars', syntax: 'mustache', output: 'str' },
      template: `hello {{req.query.who}} from ${tag}`,
    }),
    node(`${tag}3`, 'http response', 480, [], { statusCode: '', headers: {} }),
    node(`${tag}4`, 'debug', 480, [], { active: true, complete: 'payload', tosidebar: true }),
  ];
  function node(id: string, type: string, x: number, wires: string[], rest: object): object {
    return { id, type, z: `${tag}f`, name: '', x, y: 80, wires: [wires], ...rest };
  }
  await page.evaluate(
    `RED.view.importNodes(${JSON.stringify(JSON.stringify(nodes))}, { generateIds: false, touchImport: true, addFlow: false })`,
  );
  await page.waitFor(
    `!document.querySelector('#red-ui-header-button-deploy').classList.contains('disabled')`,
  );
  await page.evaluate(`(() => {
    window.deployed = false;
    RED.events.on('deploy', () => { window.deployed = true; });
    RED.comms.subscribe('debug', (_, message) => (window.debugged ??= []).push(message.msg));
  })()`);
  await page.click('#red-ui-header-button-deploy');
  await page.waitFor(`window.deployed && !RED.nodes.dirty()`);
  const answers = await page.evaluate<string[]>(
    `Promise.all([1, 2, 3, 4, 5].map((n) => fetch('/${tag}?who=' + n).then((r) => r.text())))`,
  );
  const expected = [1, 2, 3, 4, 5].map((n) => `hello ${n} from ${tag}`);
  expect(answers).toEqual(expected);
  await page.waitFor(
    `JSON.stringify([...(window.debugged ?? [])].sort()) === '${JSON.stringify(expected)}'`,
  );
  expect(await page.evaluate(`/lost connection/i.test(document.body.innerText)`)).toBe(false);
}
