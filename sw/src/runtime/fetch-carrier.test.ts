import { expect, it } from 'vitest';
import type { SocketEvent } from '../messages/page.ts';
import { encodeSocketFrame } from '../messages/socket-frames.ts';
import { createFetchCarrier } from './fetch-carrier.ts';

it('gives each event a task of its own, in order', async () => {
  const events: SocketEvent[] = [
    { kind: 'open', protocol: '', extensions: '', resume: undefined },
    { kind: 'message', data: 'a' },
    { kind: 'message', data: 'b' },
    { kind: 'closed', code: 1000, reason: '', wasClean: true, failed: false },
  ];
  const log: string[] = [];
  const ended = new Promise<void>((resolve) => {
    createFetchCarrier({
      // All of them in one chunk.
      fetch: async () => new Response(await new Blob(events.map(encodeSocketFrame)).arrayBuffer()),
      socketsUrl: 'https://wiki.example/.postern/socket/',
      aliveUrl: 'https://wiki.example/.postern/alive',
    }).open({ url: 'wss://wiki.example/', protocols: [] }, ({ kind }) => {
      log.push(kind);
      // As deep as the promises of a page may be that waits for an event.
      let deep = Promise.resolve();
      for (let i = 0; i < 10; i++) deep = deep.then(() => undefined);
      void deep.then(() => log.push(`after ${kind}`));
      if (kind === 'closed') void deep.then(resolve);
    });
  });
  await ended;
  expect(log).toEqual([
    'open',
    'after open',
    'message',
    'after message',
    'message',
    'after message',
    'closed',
    'after closed',
  ]);
});

it('hears a socket out that is over before its last commands came', async () => {
  const log: SocketEvent[] = [];
  const first = encodeSocketFrame({ kind: 'message', data: 'a' });
  const rest = [
    { kind: 'message', data: 'b' },
    { kind: 'closed', code: 4002, reason: 'done', wasClean: true, failed: false },
  ] satisfies SocketEvent[];
  let refused!: () => void;
  const refusal = new Promise<void>((resolve) => (refused = resolve));
  await new Promise<void>((resolve) => {
    const channel = createFetchCarrier({
      fetch: (_, init) => {
        if (init?.method === 'PUT') {
          setTimeout(refused);
          return Promise.resolve(new Response(null, { status: 404 }));
        }
        const body = new ReadableStream<Uint8Array>({
          async start(controller) {
            controller.enqueue(first);
            await refusal;
            for (const event of rest) controller.enqueue(encodeSocketFrame(event));
            controller.close();
          },
        });
        return Promise.resolve(new Response(body));
      },
      socketsUrl: 'https://wiki.example/.postern/socket/',
      aliveUrl: 'https://wiki.example/.postern/alive',
    }).open({ url: 'wss://wiki.example/', protocols: [] }, (event) => {
      log.push(event);
      if (event.kind === 'message') channel.post({ kind: 'taken' });
      else resolve();
    });
  });
  expect(log).toEqual([{ kind: 'message', data: 'a' }, ...rest]);
});
