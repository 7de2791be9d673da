// Frames and popups of every kind: under a worker or not, they reach the application as without the gateway.
const LOOK = `(async () => {
  const of = async (run) => { try { return await run(); } catch (e) { return e.name; } };
  const image = await of(() => new Promise((r) => { const i = new Image(); i.onload = () => r('load'); i.onerror = () => r('error'); i.src = IMAGE; }));
  return { fetch: await of(async () => (await fetch(BASE + '/inspect')).status), image, xhr: await of(() => new Promise((r) => { const x = new XMLHttpRequest(); x.open('GET', BASE + '/inspect'); x.onloadend = () => r(x.status); x.send(); })), socket: await of(() => new Promise((r) => { const s = new WebSocket(BASE.replace('http', 'ws') + '/ws'); s.onmessage = () => { r('open'); s.close(); }; s.onerror = () => r('error'); })), cookie: await of(() => /framed=1/.test(document.cookie)), origin: self.origin, url: [document.URL, document.baseURI, document.referrer].map((u) => u.split('?')[0]), scripts: document.scripts.length, mode: document.compatMode };
})()`
  .replace('IMAGE', () =>
    JSON.stringify(
      serve({
        headers: { 'content-type': 'image/svg+xml' },
        body: '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>',
      }),
    ),
  )
  .replaceAll('BASE', JSON.stringify(location.origin));
const SCRIPT = `<script>${LOOK}.then((value) => (parent === self ? opener : parent).postMessage(value, '*'))</script>`;
document.cookie = 'framed=1; path=/';
const insideBy = async (make) => {
  const f = element('iframe', {});
  await make(f);
  return within(6_000, f.contentWindow.eval(LOOK));
};
const appended = (f) => document.documentElement.append(f);
const whenLoaded = async (f) => {
  const loaded = event(f, 'load');
  appended(f);
  await loaded;
};

add('an own page', () => told(serve(html(SCRIPT))));
add('srcdoc', () => told({ srcdoc: SCRIPT }));
add('srcdoc with a doctype', () => told({ srcdoc: `<!doctype html>${SCRIPT}` }));
add('srcdoc, script of the parent', () =>
  insideBy((f) => {
    f.srcdoc = '<p>x';
    return whenLoaded(f);
  }),
);
add('no address', () => insideBy(appended));
add('about:blank', () =>
  insideBy((f) => {
    f.src = 'about:blank';
    return whenLoaded(f);
  }),
);
add('document.write', () =>
  insideBy((f) => {
    appended(f);
    f.contentDocument.write('<!doctype html><p>');
    f.contentDocument.close();
  }),
);
add('document.write of a script', async () => {
  const heard = message();
  const f = element('iframe', {});
  appended(f);
  f.contentDocument.write(SCRIPT);
  f.contentDocument.close();
  return heard;
});
add('javascript:', () =>
  insideBy((f) => {
    f.src = 'javascript:"<p>x"';
    return whenLoaded(f);
  }),
);
add('blob:', () => {
  const url = URL.createObjectURL(new Blob([SCRIPT], { type: 'text/html' }));
  cleanup(() => URL.revokeObjectURL(url));
  return told(url).then((value) => (typeof value === 'string' ? value : { ...value, url: 'any' }));
});
for (const sandbox of [
  'allow-scripts',
  'allow-scripts allow-same-origin',
  'allow-scripts allow-same-origin allow-forms allow-popups',
])
  add(`sandbox ${sandbox}`, async () => ({
    page: await told({ sandbox, src: serve(html(SCRIPT)) }),
    srcdoc: await told({ sandbox, srcdoc: SCRIPT }),
  }));
add('data:', () =>
  told(`data:text/html,${encodeURIComponent(SCRIPT)}`).then((value) =>
    typeof value === 'string' ? value : { ...value, url: 'any' },
  ),
);
add('a frame in a frame', () =>
  told({
    srcdoc: `<iframe srcdoc="${SCRIPT.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replace('parent === self ? opener : parent', 'top')}"></iframe>`,
  }),
);
add('window.open without an address', async () => {
  const w = popup('');
  return within(5_000, w.eval(LOOK));
});
add('window.open of an own page', async () => {
  const heard = message();
  popup(serve(html(SCRIPT)));
  return heard;
});
add('window.open about:blank, written', async () => {
  const heard = message();
  const w = popup('about:blank');
  w.document.write(SCRIPT);
  w.document.close();
  return heard;
});
add('noopener', async () => {
  const log = uid();
  return [popup(serve(html('', { log })), 'noopener') === null, (await logOf(log, 1)).length];
});
add('name, features, targets', async () => {
  const key = uid();
  const w = open(serve(html('<title>named</title>')), key);
  cleanup(() => w.close());
  await look(() => w.document.title === 'named');
  return [w.name === key, w.opener === self, open('', key) === w];
});
add('object and embed', async () => {
  const got = {};
  for (const [name, attributes] of Object.entries({
    object: { data: serve(html('<title>o</title>')), type: 'text/html' },
    embed: { src: serve(html('<title>o</title>')), type: 'text/html' },
  })) {
    const made = element(name, attributes);
    const loaded = event(made, 'load', 'error');
    document.documentElement.append(made);
    got[name] = [
      await within(
        3_000,
        loaded.then(({ type }) => type),
      ),
      await outcome(() => made.contentDocument?.title ?? made.getSVGDocument?.()?.title ?? null),
    ];
  }
  return got;
});
add('what the server sees of frames', async () => {
  const log = uid();
  await frame(serve(html('', { log })));
  const [{ headers }] = await logOf(log, 1);
  return Object.fromEntries(
    [
      'accept',
      'sec-fetch-dest',
      'sec-fetch-mode',
      'sec-fetch-site',
      'sec-fetch-user',
      'upgrade-insecure-requests',
      'referer',
      'origin',
      'cache-control',
    ].map((field) => [field, headers[field]?.split('?')[0]]),
  );
});
add('frames, length, parent, frameElement', async () => {
  const f = await frame(serve(html('<p>')));
  const w = f.contentWindow;
  return [
    w.parent === self,
    w.frameElement === f,
    self.length >= 1,
    self[self.length - 1] === w,
    w.top === top,
    f.contentDocument === w.document,
  ];
});
add('removed frames', async () => {
  const f = await frame(serve(html('<p>')));
  const w = f.contentWindow;
  f.remove();
  return [f.contentWindow, f.contentDocument, w.closed, w.parent];
});
add('instanceof across frames', async () => {
  const { contentWindow: w } = await frame({ srcdoc: '<p>' });
  return [
    (await w.fetch('/inspect')) instanceof w.Response,
    new w.XMLHttpRequest() instanceof w.XMLHttpRequest,
    new w.WebSocket('/ws') instanceof w.WebSocket,
    w.fetch !== fetch,
  ];
});
add('lazy frames', () => told({ loading: 'eager', srcdoc: SCRIPT }));
