/** The Node SDK against a real controller, router and connector: dial, listen, HTTP clients, refusals. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { openPostern, type Postern } from '@postern/connector/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LineProcess } from '../harness/line-process.ts';
import { ProgramNetwork, startEcho } from '../harness/program-network.ts';

let network: ProgramNetwork;
let postern: Postern;
let ann: string;
beforeAll(async () => {
  network = await ProgramNetwork.start();
  await network.sdk.startRouter('one');
  for (const service of ['echo', 'wiki', 'plain', 'hosted']) await network.sdk.service(service);
  const echo = await startEcho();
  network.onClose(() => echo.close());
  const app = createServer((req, res) => {
    const { method, url, headers } = req;
    res.setHeader('x-caller', typeof headers['postern-assertion']);
    void text(req).then((body) => res.end(JSON.stringify({ method, url, body })));
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  network.onClose(() => app.close());
  const { port } = app.address() as AddressInfo;
  await network.connector([
    { service: 'echo', target: echo.target },
    { service: 'wiki', target: `http://127.0.0.1:${port}`, rules: [{ pathPrefix: '/open' }] },
    { service: 'plain', target: `tcp://127.0.0.1:${port}` },
  ]);
  ann = await network.enrolled('ann', 'dials', 'hosts');
  postern = await openPostern({ identity: ann });
  network.onClose(() => postern.close());
});
afterAll(() => network?.close());

describe('dial', () => {
  it('carries bytes both ways, and the end of each direction on its own', async () => {
    const stream = await postern.dial('echo');
    const sent = Buffer.alloc(1_000_000, 'postern');
    const received = buffer(stream);
    stream.end(sent);
    expect((await received).equals(sent)).toBe(true);
  });

  it('gives web streams', async () => {
    const { readable, writable } = await postern.dialWeb('echo');
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode('hello'));
    await writer.close();
    expect(await text(readable as never)).toBe('hello');
  });

  it('has more connections at once than a session has streams', async () => {
    const streams = await Promise.all(Array.from({ length: 270 }, () => postern.dial('echo')));
    const answers = await Promise.all(
      streams.map((stream, at) => {
        stream.end(String(at));
        return text(stream);
      }),
    );
    expect(answers).toEqual(streams.map((_, at) => String(at)));
  });

  it('says what was wrong', async () => {
    await expect(postern.dial('nothing')).rejects.toMatchObject({ code: 'ERR_ACCESS_NO_POLICY' });
    const stranger = await openPostern({ identity: await network.enrolled('stranger') });
    await expect(stranger.dial('echo')).rejects.toMatchObject({ code: 'ERR_ACCESS_NO_POLICY' });
    await stranger.close();
    await expect(stranger.dial('echo')).rejects.toMatchObject({ code: 'ERR_SDK_CLOSED' });
  });

  it('can be given up', async () => {
    const signal = AbortSignal.abort();
    await expect(postern.dial('echo', { signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('an identity file', () => {
  it('may name files instead, as OpenZiti’s may', async () => {
    const file = JSON.parse(await readFile(ann, 'utf8'));
    for (const part of ['key', 'cert', 'ca']) {
      await writeFile(join(network.sdk.dir, `ann.${part}`), file.id[part].slice('pem:'.length));
      file.id[part] = `file:ann.${part}`;
    }
    const identity = join(network.sdk.dir, 'ann-files.json');
    await writeFile(identity, JSON.stringify(file));
    const other = await openPostern({ identity });
    expect((await other.services()).map(({ name }) => name)).toContain('echo');
    await other.close();
  });

  it('that is not there, or of another controller, is refused', async () => {
    await expect(openPostern({ identity: '/nowhere.json' })).rejects.toMatchObject({
      code: 'ERR_CONNECTOR_NOT_ENROLLED',
    });
  });
});

describe('listen', () => {
  it('hands over connections with who dialed', async () => {
    const listener = postern.listen('hosted');
    const served = (async () => {
      for await (const { caller, stream } of listener) {
        // Reading to the end by the plain iterator would destroy the other half.
        const question = await text(stream.iterator({ destroyOnReturn: false }) as never);
        stream.end(`hello ${caller.name}: ${question}`);
      }
    })();
    await network.hosted(4);
    const stream = await postern.dial('hosted');
    stream.end('how are you');
    expect(await text(stream)).toBe('hello ann: how are you');
    expect(() => postern.listen('hosted')).toThrow(
      expect.objectContaining({ code: 'ERR_SDK_LISTENING' }),
    );
    listener.close();
    await served;
  });
});

describe('HTTP clients reach services by name', () => {
  it('fetch: a service hosted as HTTP, with its rules and the identity', async () => {
    const answer = await postern.fetch('http://wiki/open/page?x=1', { method: 'POST', body: 'hi' });
    expect([answer.status, answer.headers.get('x-caller')]).toEqual([200, 'string']);
    expect(await answer.json()).toEqual({ method: 'POST', url: '/open/page?x=1', body: 'hi' });
    expect((await postern.fetch('http://wiki/closed')).status).toBe(403);
  });

  it('fetch: a service hosted as TCP', async () => {
    const answer = await postern.fetch('http://plain/x');
    expect([answer.headers.get('x-caller'), await answer.json()]).toEqual([
      'undefined',
      { method: 'GET', url: '/x', body: '' },
    ]);
  });

  it.each(['wiki', 'plain'])('http.Agent: %s, request after request', async (service) => {
    const agent = postern.createHttpAgent();
    for (const path of ['/open/1', '/open/2']) {
      const sent = request({ host: service, path, agent, method: 'PUT' }).end('body');
      const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
      expect(JSON.parse(await text(answer))).toEqual({ method: 'PUT', url: path, body: 'body' });
    }
    agent.destroy();
  });

  it('say when there is no such service, and take no https', async () => {
    await expect(postern.fetch('http://nothing/')).rejects.toMatchObject({
      cause: { code: 'ERR_ACCESS_NO_POLICY' },
    });
    await expect(postern.fetch('https://wiki/')).rejects.toMatchObject({
      cause: { code: 'ERR_SDK_SCHEME' },
    });
  });
});

describe('examples', () => {
  const run = (name: string, ...args: string[]) =>
    new LineProcess(process.execPath, [join(import.meta.dirname, '../../examples', name), ...args]);

  it('host a service, ask it and dial it', async () => {
    const host = run('host.mjs', await network.enrolled('hello', 'hosts'), 'hosted');
    network.onClose(() => host.stop());
    await host.until(/^Hosting hosted/);
    await network.hosted(4);
    const ask = run('fetch.mjs', ann, 'http://hosted/some/path');
    expect(await ask.line()).toBe('200 Hello ann, you asked for /some/path');
    expect(await ask.end()).toBe(0);
    const dial = run('dial.mjs', ann, 'echo');
    dial.send('over and back');
    expect(await dial.line()).toBe('over and back');
    expect(await dial.end()).toBe(0);
    expect(await host.stop()).toBe(0);
    expect(host.errors + ask.errors).toBe('');
  });
});
