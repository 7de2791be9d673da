import { describe, expect, it, vi } from 'vitest';
import type { AppWorkerMessage, WorkerReport } from '../../messages/app-worker.ts';
import type { WorkerRecord } from './registry.ts';
import { WorkerHosts } from './worker-hosts.ts';

const worker: WorkerRecord = {
  id: crypto.randomUUID(),
  scriptUrl: 'https://wiki.example/sw.js',
  workerType: 'classic',
  state: 'activated',
  handlesFetch: true,
  skipsWaiting: false,
  imports: [],
};

/** The worker's end of a channel, as far as the tests need it. */
class FakePort {
  onmessage: ((event: MessageEvent<unknown>) => void) | null = null;
  readonly sent: unknown[] = [];
  isClosed = false;
  postMessage(message: unknown): void {
    this.sent.push(message);
  }
  close(): void {
    this.isClosed = true;
  }
  say(report: WorkerReport): void {
    this.onmessage?.({ data: report, ports: [] } as unknown as MessageEvent<unknown>);
  }
}

function world(pageIds: string[]) {
  const asked: { page: string; token: string }[] = [];
  let end = (): void => undefined;
  const onCall = vi.fn(() => Promise.resolve('value'));
  const hosts = new WorkerHosts({
    pages: () =>
      Promise.resolve(
        pageIds.map((id) => ({
          id,
          postMessage: (message: AppWorkerMessage) => {
            if (message.type === 'postern.app-worker.connect')
              asked.push({ page: id, token: message.token });
          },
        })),
      ),
    onCall,
    locks: {
      request: (_name: string, granted: () => unknown) =>
        new Promise((resolve) => (end = () => resolve(granted()))),
    } as unknown as LockManager,
  });
  return { hosts, asked, onCall, endWorker: () => end() };
}
const ready: WorkerReport = { kind: 'ready', handlesFetch: true };

async function start() {
  const all = world(['page']);
  const running = all.hosts.run(worker);
  await vi.waitFor(() => expect(all.asked).toHaveLength(1));
  const port = new FakePort();
  all.hosts.connected(all.asked[0]!.token, 'page', port);
  port.say(ready);
  return { ...all, port, running: await running };
}

describe('a worker that pages run', () => {
  it('is asked of every page, and taken from the one whose script ran first', async () => {
    const { hosts, asked } = world(['a', 'b']);
    const running = hosts.run(worker);
    expect(hosts.run(worker)).toBe(running);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    const ports = asked.map(({ token, page }) => {
      const port = new FakePort();
      hosts.connected(token, page, port);
      return port;
    });
    ports[1]!.say(ready);
    expect((await running).ready).toEqual(ready);
    expect(ports[1]!.sent).toEqual([{ kind: 'adopted' }]);
    expect(ports.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it('is not taken a second time by a page whose port is ready too, a moment later', async () => {
    const { hosts, asked } = world(['a', 'b']);
    const running = hosts.run(worker);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    const ports = asked.map(({ token, page }) => {
      const port = new FakePort();
      hosts.connected(token, page, port);
      return port;
    });
    for (const port of ports) port.say(ready);
    await running;
    expect(ports.map(({ isClosed }) => isClosed)).toEqual([false, true]);
    expect(ports.map(({ sent }) => sent)).toEqual([[{ kind: 'adopted' }], []]);
  });

  it('takes no port that it did not ask for', async () => {
    const { hosts, asked } = world(['a', 'b']);
    const running = hosts.run(worker);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    const forged = new FakePort();
    hosts.connected(crypto.randomUUID(), 'a', forged);
    // Somebody else's token.
    hosts.connected(asked[1]!.token, 'a', forged);
    forged.say(ready);
    const port = new FakePort();
    hosts.connected(asked[0]!.token, 'a', port);
    port.say(ready);
    await running;
    hosts.connected(asked[0]!.token, 'a', forged);
    forged.say(ready);
    expect(forged.sent).toEqual([]);
    expect(port.sent).toEqual([{ kind: 'adopted' }]);
  });

  it('cannot run without pages, nor where none can start it', async () => {
    await expect(world([]).hosts.run(worker)).rejects.toMatchObject({ code: 'ERR_SW_APP_WORKER' });
    const { hosts, asked } = world(['a']);
    const running = hosts.run(worker);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    hosts.failed(asked[0]!.token, 'a');
    await expect(running).rejects.toThrow(/no page can start it/);
  });

  it('cannot run where every page that connected it says that its script failed', async () => {
    const { hosts, asked } = world(['a', 'b']);
    const running = hosts.run(worker);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    const ports = asked.map(({ token, page }) => {
      const port = new FakePort();
      hosts.connected(token, page, port);
      return port;
    });
    for (const { token, page } of asked) hosts.failed(token, page);
    await expect(running).rejects.toThrow(/no page can start it/);
    expect(ports.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });

  it('runs where one of the pages can start it', async () => {
    const { hosts, asked } = world(['a', 'b']);
    const running = hosts.run(worker);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    const port = new FakePort();
    hosts.connected(asked[1]!.token, 'b', port);
    hosts.failed(asked[0]!.token, 'a');
    port.say(ready);
    expect((await running).ready).toEqual(ready);
  });

  it('gives answers and the end of an event, each to its own', async () => {
    const { running, port } = await start();
    const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
    const first = running.dispatch(one, { type: 'install' });
    const second = running.dispatch(two, { type: 'activate' });
    port.say({ kind: 'answer', id: two, answer: { kind: 'none' } });
    port.say({ kind: 'done', id: two });
    port.say({ kind: 'done', id: one, error: 'no' });
    expect(await second.answer).toEqual({ kind: 'none' });
    await second.done;
    await expect(first.done).rejects.toThrow('no');
  });

  it('ends what waits for it when it ends, and is started anew', async () => {
    const { hosts, running, endWorker, asked } = await start();
    const { done, answer } = running.dispatch(crypto.randomUUID(), { type: 'install' });
    endWorker();
    await expect(done).rejects.toMatchObject({ code: 'ERR_SW_APP_WORKER' });
    await expect(answer).rejects.toMatchObject({ code: 'ERR_SW_APP_WORKER' });
    await expect(running.dispatch(crypto.randomUUID(), { type: 'install' }).done).rejects.toThrow();
    void hosts.run(worker).catch(() => undefined);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
  });

  it('has its calls answered, and nonsense ignored', async () => {
    const { port, onCall } = await start();
    port.sent.length = 0;
    const id = crypto.randomUUID();
    port.say({ kind: 'call', id, call: { method: 'claim' } });
    port.say({ kind: 'call', id: 'x', call: { method: 'eval' } } as unknown as WorkerReport);
    await vi.waitFor(() => expect(port.sent).toEqual([{ kind: 'reply', id, value: 'value' }]));
    expect(onCall).toHaveBeenCalledExactlyOnceWith(worker.id, { method: 'claim' }, []);
  });
});
