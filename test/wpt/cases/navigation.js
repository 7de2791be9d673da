// Navigation, history, forms, links.
const page = '/inspect?type=text/html';
const seenIn = (d) => JSON.parse(d.getElementById('seen').textContent);
/** Submits a form into a frame; what arrived. */
const submitted = async (form, { submitter, spec = {} } = {}) => {
  const target = uid();
  const f = await frame({ name: target, src: 'about:blank' });
  const host = await frame(serve(html(form.replaceAll('TARGET', target), spec)));
  const loaded = event(f, 'load');
  const element = host.contentDocument.forms[0];
  element.target = target;
  element.requestSubmit(submitter && host.contentDocument.getElementById(submitter));
  await within(4_000, loaded);
  const { method, url, headers, body } = seenIn(f.contentDocument);
  const boundary = /boundary=(.*)/.exec(headers['content-type'] ?? '')?.[1];
  const normal = (text) => (boundary ? text?.replaceAll(boundary, 'B') : text);
  return [
    method,
    url.replaceAll(/[?&]type=text(?:%2F|\/)html/g, ''),
    normal(headers['content-type']),
    boundary ? 'any' : headers['content-length'],
    normal(body),
    headers.origin,
    headers.referer?.split('?')[0],
  ];
};
const FIELDS =
  '<input name=text value="ä &amp; b"><input type=hidden name=n value="1\n2"><input type=checkbox name=c checked><select name=s><option>o</select><textarea name=t>\nline</textarea><input name=_charset_ type=hidden><input name=d dirname=dir value=x>';

for (const [name, attributes] of Object.entries({
  get: 'method=get',
  post: 'method=post',
  multipart: 'method=post enctype=multipart/form-data',
  plain: 'method=post enctype=text/plain',
}))
  add(`form ${name}`, () =>
    submitted(
      `<form ${attributes} action="${page}"><input type=hidden name=type value="text/html">${FIELDS}</form>`,
    ),
  );
add('form: accept-charset, submitters, formaction', async () => ({
  charset: await submitted(
    `<form method=post accept-charset=iso-8859-1 action="${page}"><input name=a value=ä></form>`,
  ),
  latin: await submitted(
    `<form method=post action="${page}"><input name=a value="&#228;&#8364;"></form>`,
    { spec: { headers: { 'content-type': 'text/html; charset=iso-8859-1' } } },
  ),
  submitter: await submitted(
    `<form method=get action=/nowhere><input name=a value=1><button id=b name=x value=y formaction="${page}" formmethod=post>`,
    { submitter: 'b' },
  ),
}));
add('form: a file', async () => {
  const target = uid();
  const f = await frame({ name: target, src: 'about:blank' });
  const form = element('form', {
    method: 'post',
    enctype: 'multipart/form-data',
    action: page,
    target,
  });
  const input = Object.assign(document.createElement('input'), {
    type: 'file',
    name: 'f',
    multiple: true,
  });
  const files = new DataTransfer();
  files.items.add(new File(['x'.repeat(200_000)], 'ä "1".txt', { type: 'text/x-own' }));
  files.items.add(new File([], 'empty'));
  input.files = files.files;
  form.append(input);
  document.documentElement.append(form);
  const loaded = event(f, 'load');
  form.submit();
  await within(6_000, loaded);
  const { headers, body } = seenIn(f.contentDocument);
  const boundary = /boundary=(.*)/.exec(headers['content-type'])[1];
  return {
    head: body.replaceAll(boundary, 'B').slice(0, 200),
    length: body.replaceAll(boundary, '').length,
    sized: headers['content-length'] !== undefined,
  };
});
add('form: submit through redirects', async () => {
  const got = {};
  for (const status of [301, 302, 303, 307, 308])
    got[status] = (
      await submitted(
        `<form method=post action='${serve({ status, headers: { location: page } }).replaceAll("'", '&#39;')}'><input name=a value=1></form>`,
      )
    ).slice(0, 5);
  return got;
});
add('form: FormData events, dialog, validity', async () => {
  const f = await frame(
    serve(
      html(
        '<form id=f><input name=a required></form><dialog open><form method=dialog><button value=v>',
      ),
    ),
  );
  const d = f.contentDocument;
  d.querySelector('dialog form').requestSubmit(d.querySelector('button'));
  return [
    d.forms[0].checkValidity(),
    d.querySelector('dialog').returnValue,
    d.querySelector('dialog').open,
  ];
});
add('links: headers and referrers', async () => {
  const got = {};
  for (const attributes of [
    '',
    'referrerpolicy=no-referrer',
    'rel=noreferrer',
    'rel=noopener',
    'referrerpolicy=origin',
  ]) {
    const target = uid();
    const f = await frame({ name: target, src: 'about:blank' });
    const host = await frame(serve(html(`<a ${attributes} target=${target} href="${page}">x</a>`)));
    const loaded = event(f, 'load');
    host.contentDocument.querySelector('a').click();
    if (/noreferrer|noopener/.test(attributes)) {
      got[attributes] = 'opens a window';
      continue;
    }
    await within(3_000, loaded);
    const { headers } = seenIn(f.contentDocument);
    got[attributes] = [
      headers.referer?.split('?')[0] ?? null,
      headers['sec-fetch-mode'],
      headers['sec-fetch-dest'],
      headers['sec-fetch-user'] ?? null,
      headers.accept,
    ];
  }
  return got;
});
add('links: ping', async () => {
  const log = uid();
  const f = await frame(
    serve(html(`<a ping="${serve({ log }).replaceAll('"', '&quot;')}" href="#x">x</a>`)),
  );
  f.contentDocument.querySelector('a').click();
  return (await logOf(log, 1)).map(({ method, headers, body }) => [
    method,
    headers['content-type'],
    headers['ping-to']?.split('?')[0] ?? null,
    body,
  ]);
});
add('location: assign, replace, reload, hash', async () => {
  const f = await frame(serve(html('<p>')));
  const w = f.contentWindow;
  const to = async (run) => {
    const loaded = event(f, 'load');
    run();
    await within(3_000, loaded);
    return f.contentWindow.location.pathname;
  };
  const got = [
    await to(() => w.location.assign('/inspect?type=text/html')),
    await to(() => f.contentWindow.location.replace(serve(html('r'), '/replaced'))),
    await to(() => f.contentWindow.location.reload()),
  ];
  const changed = event(f.contentWindow, 'hashchange');
  f.contentWindow.location.hash = 'part';
  got.push(new URL((await changed).newURL).hash, f.contentDocument.URL.endsWith('#part'));
  return got;
});
add('reload: what the server sees', async () => {
  const log = uid();
  const f = await frame(serve(html('', { log, headers: { 'cache-control': 'max-age=600' } })));
  const loaded = event(f, 'load');
  f.contentWindow.location.reload();
  await within(3_000, loaded);
  return (await logOf(log, 2)).map(({ headers }) => [
    headers['cache-control'] ?? null,
    headers.pragma ?? null,
  ]);
});
add('204, 205 and downloads leave the page', async () => {
  const got = {};
  for (const [name, spec] of Object.entries({ 204: { status: 204 }, 205: { status: 205 } })) {
    const f = await frame(serve(html('<title>stays</title>')));
    f.contentWindow.location = serve(spec);
    await wait(400);
    got[name] = await outcome(() => f.contentDocument.title);
  }
  return got;
});
add('redirects of navigations', async () => {
  const got = {};
  for (const status of [301, 302, 303, 307, 308]) {
    const f = await frame(serve({ status, headers: { location: `${page}#to` } }));
    got[status] = await outcome(() => [
      f.contentWindow.location.pathname,
      f.contentWindow.location.hash,
      f.contentDocument.title,
      f.contentWindow.performance.getEntriesByType('navigation')[0].redirectCount,
    ]);
  }
  got.outside = await (async () =>
    told(
      serve({
        status: 302,
        headers: { location: other(html('<script>parent.postMessage(self.origin, "*")</script>')) },
      }),
    ))();
  got.keeps = await (async () => {
    const f = await frame(`${serve({ status: 302, headers: { location: page } })}#kept`);
    return f.contentWindow.location.hash;
  })();
  return got;
});
add('history in a frame', async () => {
  const f = await frame(serve(html('<title>one</title>'), '/one'));
  const w = f.contentWindow;
  const got = [];
  w.history.pushState({ a: 1 }, '', '/pushed?x#y');
  got.push(w.location.pathname + w.location.search + w.location.hash, w.history.state);
  w.history.replaceState({ b: 2 }, '', 'replaced');
  got.push(
    w.location.pathname,
    w.history.state,
    await outcome(() => w.history.pushState(0, '', 'http://a.invalid/')),
  );
  const popped = event(w, 'popstate');
  w.history.back();
  got.push((await within(3_000, popped))?.state, w.location.pathname);
  return got;
});
add('back to a document', async () => {
  const f = await frame(serve(html('<title>one</title>'), '/one'));
  const before = history.length;
  let loaded = event(f, 'load');
  f.contentWindow.location = serve(html('<title>two</title>'), '/two');
  await loaded;
  // Where the engine replaced the entry, going back would leave this page.
  if (history.length === before) return 'no entry';
  loaded = event(f, 'load');
  f.contentWindow.history.back();
  await within(3_000, loaded);
  return f.contentDocument.title;
});
add('the Navigation API', async () => {
  const f = await frame(serve(html('<p>')));
  const { navigation } = f.contentWindow;
  return navigation
    ? [
        navigation.entries().length > 0,
        navigation.currentEntry.url.split('?')[0],
        typeof navigation.navigate,
      ]
    : 'none';
});
add('document facts', async () => {
  const f = await frame(
    serve(
      html('<title>t</title>', { headers: { 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' } }),
      '/facts/page',
    ),
  );
  const d = f.contentDocument;
  return {
    url: d.URL.split('?')[0],
    referrer: d.referrer.split('?')[0],
    domain: d.domain === location.hostname,
    modified: new Date(d.lastModified).getUTCFullYear(),
    state: d.readyState,

    design: d.designMode,
  };
});
add('beforeunload, pagehide, unload order', async () => {
  const f = await frame(serve(html('<p>')));
  const log = [];
  for (const name of ['beforeunload', 'pagehide', 'unload'])
    f.contentWindow.addEventListener(name, () => log.push(name));
  const loaded = event(f, 'load');
  f.contentWindow.location = page;
  await within(3_000, loaded);
  return log;
});
add('beacons', async () => {
  const got = {};
  for (const [name, body] of Object.entries({
    text: 'x',
    blob: new Blob(['x'], { type: 'text/plain' }),
    json: new Blob(['{}'], { type: 'application/json' }),
    nothing: undefined,
    parameters: new URLSearchParams('a=b'),
  })) {
    const log = uid();
    const queued = navigator.sendBeacon(serve({ log }), body);
    const [seen] = await logOf(log, 1);
    got[name] = [queued, seen?.method, seen?.headers['content-type'] ?? null, seen?.body];
  }
  got.large = navigator.sendBeacon(serve(), 'x'.repeat(70_000));
  return got;
});
add('prefetch, preload, modulepreload', async () => {
  const log = uid();
  const got = {
    preload: await loads('link', {
      rel: 'preload',
      as: 'script',
      href: serve(script('', { log })),
    }),
    module: await loads('link', { rel: 'modulepreload', href: serve(script('')) }),
    prefetch: await loads('link', { rel: 'prefetch', href: serve({ log }) }, 2_500),
  };
  return got;
});
add('icons and manifests', async () => {
  const log = uid();
  const f = await frame(
    serve(
      html(
        `<link rel=manifest href='${serve({ headers: { 'content-type': 'application/manifest+json' }, body: '{}', log })}'>`,
      ),
    ),
  );
  return [f.contentDocument.querySelector('link').relList.contains('manifest')];
});
add('modules: maps, JSON, CSS, cycles, errors', async () => {
  const js = (body) => serve(script(body));
  return {
    import: (await import(js('export default 1'))).default,
    again: (await import(js('export default 1'))) === (await import(js('export default 1'))),
    meta: (await import(js('export default import.meta.url'))).default.split('?')[0],
    json: await outcome(
      async () =>
        (
          await import(
            serve({ headers: { 'content-type': 'application/json' }, body: '{"a":1}' }),
            { with: { type: 'json' } }
          )
        ).default,
    ),
    type: await outcome(() => import(serve({ body: 'export default 1' }))),
    missing: await outcome(() => import(serve(script('', { status: 404 })))),
    broken: await outcome(() => import(js('}'))),
    map: await (async () => {
      const f = await frame(
        serve(
          html(
            `<script type=importmap>${JSON.stringify({ imports: { own: js('export default 7') } })}</script><script type=module>import own from 'own'; window.own = own</script>`,
          ),
        ),
      );
      return f.contentWindow.own;
    })(),
    integrity: await loads('script', { type: 'module', integrity: 'sha256-AAAA', src: js('') }),
  };
});
add('styles and fonts', async () => {
  const css = (body) => serve({ headers: { 'content-type': 'text/css' }, body });
  const f = await frame(
    serve(
      html(
        `<link rel=stylesheet href='${css(`@import '${css('b { color: rgb(1, 2, 3) }').replaceAll("'", '%27')}'; i { color: rgb(4, 5, 6) }`).replaceAll("'", '&#39;')}'><b>x</b><i>y</i>`,
      ),
    ),
  );
  const w = f.contentWindow;
  return [
    w.getComputedStyle(w.document.querySelector('b')).color,
    w.getComputedStyle(w.document.querySelector('i')).color,
    w.document.styleSheets[0].cssRules.length,
    await outcome(() => new FontFace('own', `url(${serve({ status: 404 })})`).load()),
  ];
});
add('timing of resources', async () => {
  const url = serve({ body: 'timed', headers: { 'server-timing': 'own;dur=5' } });
  await textOf(url);
  await wait(50);
  const [entry] = performance.getEntriesByName(url);
  return (
    entry && [
      entry.initiatorType,
      entry.responseStatus,
      entry.encodedBodySize,
      entry.decodedBodySize,
      entry.transferSize > 0,
      entry.serverTiming?.map(({ name, duration }) => [name, duration]),
      entry.duration > 0,
    ]
  );
});
add('storage, caches, locks, channels', async () => {
  localStorage.setItem('own', '1');
  sessionStorage.setItem('own', '1');
  const got = [
    Object.keys(localStorage),
    Object.keys(sessionStorage).filter((key) => key !== 'own'),
    (await caches.keys()).length,
    (await indexedDB.databases?.())?.length,
    (await navigator.locks.query()).held.length,
    await outcome(async () => (await navigator.serviceWorker.getRegistrations()).length),
    navigator.serviceWorker.controller === null,
  ];
  localStorage.clear();
  sessionStorage.removeItem('own');
  return {
    local: got[0],
    session: got[1],
    caches: got[2],
    databases: got[3],
    locks: got[4],
    registrations: got[5],
    uncontrolled: got[6],
  };
});
add('secure context and globals', () => [
  isSecureContext,
  origin,
  location.protocol,
  navigator.onLine,
  crossOriginIsolated,
]);
