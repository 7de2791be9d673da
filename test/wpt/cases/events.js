// HTML §9.2, server-sent events, and WebSocket where the suite of test/apps/websocket does not look.
const stream = (body, spec = {}) =>
  serve({ ...spec, headers: { 'content-type': 'text/event-stream', ...spec.headers }, body });
/** What a source hears until so many events came or it failed. */
const hear = async (url, count, { types = ['message'], ms = 6_000 } = {}) => {
  const source = new EventSource(url);
  cleanup(() => source.close());
  const log = [];
  await within(
    ms,
    new Promise((resolve) => {
      for (const type of types)
        source.addEventListener(
          type,
          ({ data, lastEventId }) => log.push([type, data, lastEventId]) >= count && resolve(),
        );
      source.onerror = () => {
        log.push(['error', source.readyState]);
        if (source.readyState === 2 || log.length >= count) resolve();
      };
    }),
  );
  source.close();
  return log;
};
const parsed = (body, count, options) =>
  hear(stream(body, { hangs: true, pad: options?.pad }), count, options);

add('lines and fields', async () => ({
  plain: await parsed('data: a\n\n', 1),
  carriage: await parsed('data: a\r\rdata: b\r\n\r\n', 2),
  several: await parsed('data: a\ndata:b\ndata\ndata:  c\n\n', 1),
  comment: await parsed(': x\n:\ndata: a\n\n', 1),
  unknown: await parsed('own: x\nnothing\ndata: a\n\n', 1),
  bom: await parsed('\ufeffdata: a\n\n', 1),
  empty: await parsed('data\n\ndata: a\n\n', 2),
  'no data': await parsed('id: 1\n\nevent: x\n\ndata: a\n\n', 1),
  type: await parsed('event: own\ndata: a\n\ndata: b\n\n', 2, { types: ['own', 'message'] }),
  id: await parsed('id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: a\u0000b\ndata: d\n\n', 4),
  unicode: await parsed('data: ä€😀\n\n', 1),
  long: (await parsed('data: PAD\n\n', 1, { pad: 300_000 }))[0][1].length,
}));
add('reconnects with the last id', async () => {
  const log = uid();
  const got = await hear(stream('retry: 50\nid: ä 7\ndata: COUNT\n\n', { log }), 4);
  const seen = await logOf(log, 2);
  return [
    got.slice(0, 3),
    seen[0].headers['last-event-id'] ?? null,
    seen[1].headers['last-event-id'] ?? null,
    seen[1].headers['cache-control'] ?? null,
    seen[0].headers.accept,
  ];
});
add('answers that end it', async () => {
  const got = {};
  for (const [name, spec] of Object.entries({
    204: { status: 204 },
    404: { status: 404 },
    500: { status: 500 },
    type: { headers: { 'content-type': 'text/plain' } },
  }))
    got[name] = await hear(stream('data: a\n\n', spec), 1);
  return got;
});
add('redirects', async () => {
  const got = {};
  for (const status of [301, 302, 303, 307, 308]) {
    const to = new URL(stream('data: to\n\n', { hangs: true }));
    got[status] = await hear(
      stream('', { status, headers: { location: to.pathname + to.search } }),
      1,
    );
  }
  return got;
});
add('a charset is ignored', () =>
  hear(
    stream('data: ä\n\n', {
      hangs: true,
      headers: { 'content-type': 'text/event-stream; charset=iso-8859-1' },
    }),
    1,
  ),
);
add('events come one by one', async () => {
  const source = new EventSource(
    serve({
      headers: { 'content-type': 'text/event-stream' },
      chunks: ['data: a\n\n', 'data: b\n\n'],
      delayMs: 400,
      hangs: true,
    }),
  );
  cleanup(() => source.close());
  await event(source, 'message');
  const startedAt = performance.now();
  await event(source, 'message');
  return performance.now() - startedAt > 150;
});
add('the interface', async () => {
  const source = new EventSource(stream(':\n', { hangs: true }));
  cleanup(() => source.close());
  const before = source.readyState;
  const { type, bubbles, cancelable, isTrusted } = await event(source, 'open');
  const got = [
    before,
    source.readyState,
    source.withCredentials,
    String(source),
    EventSource.CLOSED,
    EventSource.length,
    type,
    bubbles,
    cancelable,
    isTrusted,
  ];
  source.close();
  return [
    ...got,
    source.readyState,
    await outcome(() => new EventSource('http://[')),
    await outcome(() => new EventSource()),
    new EventSource('/x', { withCredentials: true }).withCredentials,
  ];
});
add('the message event', async () => {
  const source = new EventSource(stream('id: 1\ndata: a\n\n', { hangs: true }));
  cleanup(() => source.close());
  const e = await event(source, 'message');
  return [
    e instanceof MessageEvent,
    e.origin,
    e.source,
    e.ports.length,
    e.isTrusted,
    e.target === source,
  ];
});
add('close while connecting', async () => {
  const source = new EventSource(stream('data: a\n\n', { waitMs: 200 }));
  let events = 0;
  source.onopen = source.onmessage = source.onerror = () => events++;
  source.close();
  await wait(500);
  return [events, source.readyState];
});
add('EventSource in workers', () => {
  const code = `const s = new EventSource(${JSON.stringify(stream('id: 5\ndata: a\n\n', { hangs: true }))}); s.onmessage = (e) => { postMessage([e.data, e.lastEventId, e.origin]); s.close(); }`;
  const worker = new Worker(serve(script(code)));
  cleanup(() => worker.terminate());
  return within(
    5_000,
    event(worker, 'message').then(({ data }) => data),
  );
});
add('WebSocket: URLs', async () => {
  const got = {};
  for (const url of [
    '/ws?a',
    'ws?b',
    `http://${location.host}/ws?c`,
    `ws://${location.host}/ws?d e`,
    '//' + location.host + '/ws?ä',
  ]) {
    got[url] = await outcome(async () => {
      const socket = new WebSocket(url);
      cleanup(() => socket.close());
      const { data } = await event(socket, 'message', 'error');
      return [socket.url, JSON.parse(data).url];
    });
  }
  return got;
});
add('WebSocket: cookies', async () => {
  document.cookie = 'ws-own=1; path=/';
  cleanup(() => (document.cookie = 'ws-own=; path=/; max-age=0'));
  const socket = new WebSocket('/ws');
  cleanup(() => socket.close());
  return /ws-own=1/.test(JSON.parse((await event(socket, 'message')).data).cookie);
});
add('WebSocket of a srcdoc frame', () =>
  told({
    srcdoc: `<script>const s = new WebSocket('/ws?srcdoc'); s.onmessage = ({ data }) => parent.postMessage(JSON.parse(data).url, '*'); s.onerror = () => parent.postMessage('error', '*')</script>`,
  }),
);
add('WebSocket: trusted events', async () => {
  const socket = new WebSocket('/ws');
  cleanup(() => socket.close());
  return (await event(socket, 'message')).isTrusted;
});
