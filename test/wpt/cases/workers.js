// HTML §10, web workers: kinds, scripts, errors, what they see.
const hear = (worker, ms = 5_000) => {
  cleanup(() => worker.terminate?.());
  const port = worker.port ?? worker;
  port.start?.();
  return within(
    ms,
    Promise.race([
      event(port, 'message').then(({ data }) => data),
      event(worker, 'error').then((e) => {
        e.preventDefault();
        return ['error', e.message ?? null];
      }),
    ]),
  );
};
const CODE = `
const tell = (value) => self.postMessage ? postMessage(value) : ports.push(value);
const ports = [];
self.onconnect = ({ ports: [port] }) => { const p = port; const wait = () => ports.length ? p.postMessage(ports[0]) : setTimeout(wait, 10); wait(); };
(async () => {
  const got = {};
  const of = async (name, run) => { try { got[name] = await run(); } catch (error) { got[name] = error.name; } };
  await of('fetch', async () => { const r = await fetch('BASE/inspect'); const { headers } = await r.json(); return [r.status, headers['sec-fetch-dest'] ?? null, headers.origin ?? null]; });
  await of('referer', async () => (await (await fetch('BASE/inspect')).json()).headers.referer?.split('?')[0] ?? null);
  await of('xhr', () => { const x = new XMLHttpRequest(); x.open('GET', 'BASE/inspect', false); x.send(); return x.status; });
  await of('socket', () => new Promise((resolve) => { const s = new WebSocket('BASE/ws'.replace('http', 'ws')); s.onmessage = () => { resolve('open'); s.close(); }; s.onerror = () => resolve('error'); }));
  await of('place', () => [String(location).split('?')[0].replace(/[0-9a-f-]{36}/, 'ID'), self.origin, self.name, self.isSecureContext, self.constructor.name]);
  await of('cookies', () => ['cookieStore' in self, 'document' in self]);
  await of('import', async () => typeof (await import('BASE/serve?spec=' + encodeURIComponent(JSON.stringify({ headers: { 'content-type': 'text/javascript' }, body: 'export const a = 1' })))).a);
  await of('scripts', () => { importScripts('BASE/serve?spec=' + encodeURIComponent(JSON.stringify({ headers: { 'content-type': 'text/javascript' }, body: 'self.imported = 1' }))); return self.imported; });
  await of('names', () => Object.getOwnPropertyNames(self).filter((n) => /postern/i.test(n)));
  await of('storage', async () => [typeof indexedDB, typeof caches]);
  tell(got);
})();`;
const code = CODE.replaceAll('BASE', location.origin);
const blob = (text) => {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  cleanup(() => URL.revokeObjectURL(url));
  return url;
};

add('classic', () => hear(new Worker(serve(script(code)))));
add('module', () => hear(new Worker(serve(script(code)), { type: 'module', name: 'named' })));
add('shared', () =>
  hear(new SharedWorker(serve(script(code)), { name: uid() })).then(({ place, ...rest }) => rest),
);
add('shared module', () =>
  hear(new SharedWorker(serve(script(code)), { name: uid(), type: 'module' })).then(
    ({ place, ...rest }) => rest,
  ),
);
add('blob', () => hear(new Worker(blob(code))));
add('blob module', () => hear(new Worker(blob(code), { type: 'module' })));
add('data', () =>
  hear(new Worker(`data:text/javascript,${encodeURIComponent(code.replace("'BASE", "'"))}`)),
);
add('nested', () =>
  hear(
    new Worker(
      serve(
        script(
          `const inner = new Worker(${JSON.stringify(serve(script(code)))}); inner.onmessage = ({ data }) => postMessage(data);`,
        ),
      ),
    ),
  ),
);
add('scripts that fail', async () => ({
  missing: await hear(new Worker(serve({ status: 404 }))).then(([kind]) => kind),
  broken: await hear(new Worker(serve(script('}')))).then(([kind]) => kind),
  throws: await hear(new Worker(serve(script('throw new Error("own")')))),
  type: await hear(new Worker(serve({ headers: { 'content-type': 'text/html' }, body: '' }))).then(
    ([kind]) => kind,
  ),
  'module type': await hear(new Worker(serve({ body: '' }), { type: 'module' })).then(
    ([kind]) => kind,
  ),
  redirected: await hear(
    new Worker(serve({ status: 302, headers: { location: serve(script('postMessage(1)')) } })),
  ),
  'to another origin': await hear(
    new Worker(serve({ status: 302, headers: { location: other(script('postMessage(1)')) } })),
  ).then(([kind]) => kind),
  foreign: await outcome(() => new Worker(other(script(''))) && 'made'),
}));
add('what the server sees of a worker script', async () => {
  const got = {};
  for (const [name, options] of Object.entries({ classic: {}, module: { type: 'module' } })) {
    const log = uid();
    await hear(new Worker(serve(script('postMessage(1)', { log })), options));
    const [{ headers }] = await logOf(log, 1);
    got[name] = ['sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site', 'accept', 'origin'].map(
      (field) => headers[field],
    );
  }
  return got;
});
add('lines and positions of errors', async () => {
  const worker = new Worker(serve(script('\n\nthrow new Error("third line")')));
  cleanup(() => worker.terminate());
  const e = await event(worker, 'error');
  e.preventDefault();
  return [e.lineno, e.message];
});
add('import.meta.url, top-level await, imports', async () =>
  hear(
    new Worker(
      serve(
        script(
          `import { b } from ${JSON.stringify(serve(script('export const b = 2')))}; await 0; postMessage([b, import.meta.url.split('?')[0]])`,
        ),
      ),
      { type: 'module' },
    ),
  ),
);
add('policy of the worker itself', async () =>
  hear(
    new Worker(
      serve(
        script(
          `fetch(${JSON.stringify(OTHER)} + '/inspect', { mode: 'no-cors' }).then(() => 'sent', (e) => e.name).then(async (first) => postMessage([first, await fetch('/inspect').then((r) => r.status, (e) => e.name), (() => { try { return eval('1') } catch (e) { return e.name } })()]))`,
          { headers: { 'content-security-policy': "default-src 'self'" } },
        ),
      ),
    ),
  ),
);
add('messages, transfers, termination', async () => {
  const worker = new Worker(
    serve(script('onmessage = ({ data }) => postMessage(data, [data.buffer])')),
  );
  worker.postMessage(new Uint8Array([1, 2]));
  const data = await hear(worker);
  worker.terminate();
  worker.postMessage(1);
  return [
    data.length,
    await within(
      200,
      event(worker, 'message').then(() => 'message'),
    ),
  ];
});
add('the interface', () => [
  Worker.name,
  Worker.length,
  SharedWorker.length,
  String(Worker).includes('[native code]'),
  Object.getOwnPropertyNames(Worker.prototype).sort(),
  outcomeOf(() => Worker('x')),
  outcomeOf(() => new Worker('http://[')),
]);
function outcomeOf(run) {
  try {
    return typeof run();
  } catch (e) {
    return e.name;
  }
}
add('a worker of a worklet kind: audio', async () => {
  const context = new OfflineAudioContext(1, 1, 8_000);
  return outcome(async () => {
    await context.audioWorklet.addModule(
      serve(
        script(
          'registerProcessor("a", class extends AudioWorkletProcessor { process() { return false } })',
        ),
      ),
    );
    return typeof new AudioWorkletNode(context, 'a');
  });
});
