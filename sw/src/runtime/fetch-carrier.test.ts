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
