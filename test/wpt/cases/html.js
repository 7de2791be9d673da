// HTML parsing and documents: what the page runtime in them must not be seen to change.
const TELL = `<script>const tell = (value) => parent.postMessage(value, '*');</script>`;
/** The document in a frame, and what the function sees of it. */
const shown = async (spec, see = facts) => {
  const { contentWindow: w, contentDocument: d } = await frame(serve(spec));
  return outcome(() => see(d ?? w.document, w));
};
const facts = (d) => ({
  mode: d.compatMode,
  charset: d.characterSet,
  type: d.contentType,
  scripts: d.scripts.length,
  html: d.documentElement?.outerHTML.slice(0, 1_500),
  doctype: d.doctype && [d.doctype.name, d.doctype.publicId],
});

for (const [name, body] of Object.entries({
  'a doctype': '<!doctype html><title>t</title><p>x',
  'no doctype': '<title>t</title><p>x',
  'a limited quirks doctype':
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "x"><p>x',
  'a comment before the doctype': '<!-- c --><!doctype html><p>x',
  'white space before all':
    ' \n\t<!doctype html>\n<html lang=en><head> <title>t</title></head> <body class=a>x</body></html>\n',
  nothing: '',
  'text only': 'just text',
  'a body only': '<body onload="document.title=1">x',
  'a script first': '<script>window.first = document.documentElement.outerHTML</script>x',
  'a frameset': '<frameset><frame></frameset>',
  'a template first': '<template><p>x</template>y',
  'a head with attributes':
    '<html a=b><head c=d><meta charset=utf-8><base href="/base/"></head><a href="x">',
  'plain text element': '<plaintext>a<b>',
  'a noscript in the head': '<head><noscript><style>p{}</style></noscript></head><p>x',
  'tags in odd case': '<!DocType HTML><HTML><HEAD><TITLE>t</TITLE></HEAD><BODY>x</BODY></HTML>',
  'unclosed head': '<!doctype html><html><head><title>t</title><p>x',
  'a comment that never ends': '<!doctype html><!-- x <p>y',
  'a processing instruction': '<?xml version="1.0"?><!doctype html><p>x',
  'a title with markup': '<title><b>&amp;</b></title><textarea>\n<x></textarea>',
  'an svg at once': '<!doctype html><svg><title>t</title></svg>',
}))
  add(name, () => shown(html(body)));
add('the first script sees the document as it is', () =>
  shown(
    html(
      '<!doctype html><head a=b><script>window.seen = [document.documentElement.outerHTML, document.scripts.length, document.currentScript === document.scripts[0], document.head.childNodes.length, document.readyState, document.querySelectorAll("*").length]</script>',
    ),
    (d, w) => w.seen,
  ),
);
add('mutations and timing that only the page makes', () =>
  shown(
    html(
      '<!doctype html><script>window.seen = []; new MutationObserver((m) => seen.push(...m.flatMap((r) => [...r.addedNodes, ...r.removedNodes]).map((n) => n.nodeName))).observe(document, { childList: true, subtree: true })</script><p>x</p><i>y</i>',
    ),
    (d, w) => w.seen,
  ),
);
for (const [name, spec] of Object.entries({
  'utf-8 by header': html('<p>ä€'),
  'no charset anywhere': { headers: { 'content-type': 'text/html' }, body: '<p>ae' },
  'latin by header': {
    headers: { 'content-type': 'text/html; charset=iso-8859-1' },
    base64: btoa('<p>\xe4\x80'),
  },
  'latin by meta': {
    headers: { 'content-type': 'text/html' },
    base64: btoa('<!doctype html><meta charset="windows-1252"><p>\xe4'),
  },
  'http-equiv': {
    headers: { 'content-type': 'text/html' },
    base64: btoa('<meta http-equiv="content-type" content="text/html; charset=koi8-r"><p>\xc1'),
  },
  'meta after a long comment': {
    headers: { 'content-type': 'text/html' },
    base64: btoa(`<!--${'x'.repeat(900)}--><meta charset="iso-8859-2"><p>\xb9`),
  },
  'a byte-order mark against the header': {
    headers: { 'content-type': 'text/html; charset=iso-8859-1' },
    base64: btoa('\xef\xbb\xbf<!doctype html><p>\xc3\xa4'),
  },
  'utf-16 little endian with a mark': {
    headers: { 'content-type': 'text/html' },
    base64: btoa('\xff\xfe' + [...'<!doctype html><p>a'].map((c) => c + '\0').join('') + '\xe4\0'),
  },
  'utf-16 big endian with a mark': {
    headers: { 'content-type': 'text/html' },
    base64: btoa('\xfe\xff' + [...'<!doctype html><p>a'].map((c) => '\0' + c).join('')),
  },
  'utf-16 by header': {
    headers: { 'content-type': 'text/html; charset=utf-16le' },
    base64: btoa([...'<!doctype html><p>a'].map((c) => c + '\0').join('')),
  },
  shift_jis: {
    headers: { 'content-type': 'text/html; charset=shift_jis' },
    base64: btoa('<p>\x82\xa0'),
  },
  gb18030: {
    headers: { 'content-type': 'text/html; charset=gb18030' },
    base64: btoa('<p>\xb0\xa1'),
  },
  'an unknown charset': {
    headers: { 'content-type': 'text/html; charset=x-own' },
    base64: btoa('<p>\xe4'),
  },
  'user-defined': {
    headers: { 'content-type': 'text/html; charset=x-user-defined' },
    base64: btoa('<p>\xe4'),
  },
}))
  add(`encoding: ${name}`, () =>
    shown(spec, (d) => [d.characterSet, d.compatMode, d.body.textContent, d.scripts.length]),
  );
add('encoding of forms and links in a Latin page', () =>
  shown(
    {
      headers: { 'content-type': 'text/html; charset=iso-8859-1' },
      base64: btoa('<a href="?\xe4">a</a>'),
    },
    (d) => d.querySelector('a').search,
  ),
);
for (const [name, spec] of Object.entries({
  XHTML: {
    headers: { 'content-type': 'application/xhtml+xml' },
    body: '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><p>x</p><script>document.title = "ran"</script></body></html>',
  },
  XML: { headers: { 'content-type': 'text/xml' }, body: '<a><b/></a>' },
  SVG: {
    headers: { 'content-type': 'image/svg+xml' },
    body: '<svg xmlns="http://www.w3.org/2000/svg"><script>document.documentElement.id = "ran"</script></svg>',
  },
  text: { headers: { 'content-type': 'text/plain' }, body: '<p>x' },
  json: { headers: { 'content-type': 'application/json' }, body: '{"a":1}' },
  css: { headers: { 'content-type': 'text/css' }, body: 'p{}' },
  'no type, looks like HTML': {
    headers: { 'content-type': '' },
    body: '<!doctype html><title>t</title>',
  },
  'no type, looks like text': { headers: { 'content-type': '' }, body: 'plain' },
  'a type of its own': {
    headers: { 'content-type': 'text/html; charset=utf-8; own=1' },
    body: '<p>x',
  },
  'type with parameters in upper case': {
    headers: { 'content-type': 'TEXT/HTML;CHARSET=UTF-8' },
    body: '<p>ä',
  },
}))
  add(`type: ${name}`, () =>
    shown(spec, (d) => [
      d.contentType,
      d.compatMode,
      d.scripts.length,
      d.title,
      d.documentElement.nodeName,
      d.documentElement.id ?? null,
    ]),
  );
add('type: two Content-Types, nosniff', async () => ({
  nosniff: await shown(
    html('<p>x', { headers: { 'x-content-type-options': 'nosniff' } }),
    (d) => d.body.textContent,
  ),
  'nosniff script': await loads('script', {
    src: serve({ headers: { 'x-content-type-options': 'nosniff' }, body: '' }),
  }),
  'nosniff style': await loads('link', {
    rel: 'stylesheet',
    href: serve({ headers: { 'x-content-type-options': 'nosniff' }, body: '' }),
  }),
}));
add('order of scripts', async () => {
  const at = (name, ms = 0) =>
    serve(script(`order.push('${name} ' + document.readyState)`, { waitMs: ms }));
  return shown(
    html(`<!doctype html><script>window.order = []; document.addEventListener('readystatechange', () => order.push('-> ' + document.readyState)); addEventListener('DOMContentLoaded', () => order.push('content')); addEventListener('load', () => order.push('load'))</script>
    <script src="${at('defer', 60)}" defer></script><script type=module src="${at('module')}"></script><script src="${at('blocking', 30)}"></script><script>order.push('inline')</script><script type=module>order.push('inline module')</script><script src="${at('defer 2')}" defer></script>`),
    (d, w) => w.order,
  );
});
add('order of scripts added by script', () => {
  const sources = [
    ['a', 80],
    ['b', 0],
  ].map(([name, waitMs]) => serve(script(`order.push('${name}')`, { waitMs })));
  const code = `window.order = []; for (const src of ${JSON.stringify(sources)}) document.head.append(Object.assign(document.createElement('script'), { async: false, src }))`;
  return shown(html(`<script>${code}</script>`), (d, w) =>
    look(() => w.order.length === 2 && w.order),
  );
});
add('currentScript', () =>
  shown(
    html(
      // By name: whether the timer or the second script comes first is a matter of how long that one loads.
      `<script id=one>window.seen = { inline: document.currentScript.id }; setTimeout(() => (seen.timer = document.currentScript))</script><script id=two src="${serve(script('seen.external = document.currentScript.id'))}"></script><script type=module>seen.module = document.currentScript</script>`,
    ),
    (d, w) =>
      look(
        () =>
          Object.keys(w.seen).length === 4 && [
            w.seen.inline,
            w.seen.timer,
            w.seen.external,
            w.seen.module,
          ],
      ),
  ),
);
add('document.write while it loads', () =>
  shown(
    html(
      `<p>a<script>document.write('<b id=w>w</b><script>window.written = document.currentScript !== null<\\/script>')</script>z`,
    ),
    (d, w) => [
      d.body.textContent.slice(0, 3),
      w.written,
      d.getElementById('w')?.nodeName,
      d.scripts.length,
    ],
  ),
);
add('document.open afterwards', () =>
  shown(html('<p>a'), async (d, w) => {
    d.open();
    d.write('<!doctype html><p>new<script>window.again = 1</script>');
    d.close();
    return [d.body.textContent, w.again, d.scripts.length, (await w.fetch('/inspect')).status];
  }),
);
add('in pieces of one byte', () =>
  shown({
    headers: { 'content-type': 'text/html' },
    chunks: [...'<!doctype html><html><head><title>t</title></head><body>x'],
    delayMs: 2,
  }),
);
add('shown before it has ended', async () => {
  const element = document.createElement('iframe');
  element.src = serve({
    headers: { 'content-type': 'text/html' },
    chunks: [`<!doctype html><p id=first>${'x'.repeat(2_000)}`],
    hangs: true,
  });
  cleanup(() => element.remove());
  document.documentElement.append(element);
  return [
    await look(() => element.contentDocument?.getElementById('first')?.nodeName),
    element.contentDocument?.readyState,
  ];
});
add('large', () =>
  shown(
    html('<!doctype html><p>PAD</p><p>z', { pad: 3_000_000 }),
    (d) => d.body.textContent.length,
  ),
);
add('error statuses with documents', async () => {
  const got = {};
  for (const status of [400, 404, 410, 451, 500, 503])
    got[status] = await shown(html('<title>own</title><p>x', { status }), (d) => [
      d.title,
      d.scripts.length,
    ]);
  return got;
});
add('base, meta, links first', () =>
  shown(
    html('<base href="/deep/"><link rel=icon href=x><meta name=a content=b><a href=y>'),
    (d) => [d.baseURI, d.querySelector('a').href, d.head.children.length],
  ),
);
add('meta refresh', async () => {
  const f = await frame(
    serve(html(`<meta http-equiv=refresh content="0; url=/inspect?type=text/html">`)),
  );
  return look(() => f.contentDocument.title === 'Inspected' && f.contentWindow.location.pathname);
});
add('Refresh header', async () => {
  const f = await frame(
    serve(html('x', { headers: { refresh: '0; url=/inspect?type=text/html' } })),
  );
  return look(() => f.contentDocument.title === 'Inspected' && f.contentWindow.location.pathname);
});
add('names in the global scope', () =>
  shown(html('<p>'), (d, w) => ({
    own: Object.getOwnPropertyNames(w).length,
    symbols: Object.getOwnPropertySymbols(w).map(String),
    document: Object.getOwnPropertyNames(d).length,
    enumerable: Object.keys(w).length,
  })),
);
add('what was replaced looks native', () =>
  shown(html('<p>'), (d, w) => {
    const got = {};
    for (const path of [
      'fetch',
      'WebSocket',
      'EventSource',
      'Worker',
      'SharedWorker',
      'open',
      'XMLHttpRequest.prototype.open',
      'XMLHttpRequest.prototype.send',
      'ServiceWorkerContainer.prototype.register',
      'HTMLIFrameElement.prototype.contentWindow',
      'HTMLIFrameElement.prototype.contentDocument',
      'Document.prototype.cookie',
      'PerformanceEntry.prototype.name',
      'cookieStore',
      'CookieStore',
      'HTMLAnchorElement.prototype.click',
      'navigator.sendBeacon',
    ]) {
      const parts = path.split('.');
      const last = parts.pop();
      const on = parts.reduce((o, p) => o?.[p], w);
      const found = on && Object.getOwnPropertyDescriptor(on, last);
      if (!found) {
        got[path] = 'none';
        continue;
      }
      const f = found.value ?? found.get;
      got[path] = [
        typeof f,
        f.name,
        f.length,
        typeof f === 'function' && w.Function.prototype.toString.call(f).includes('[native code]'),
        found.enumerable,
        found.configurable,
        found.writable ?? null,
        Object.prototype.hasOwnProperty.call(f, 'prototype'),
      ];
    }
    return got;
  }),
);
add('the text of replaced functions', () =>
  shown(html('<p>'), (d, w) => w.Function.prototype.toString.call(w.fetch).replace(/\s+/g, ' ')),
);
add('javascript errors point at the right lines', () =>
  shown(
    html(
      '<!doctype html>\n<script>\nwindow.onerror = (m, f, line, column) => { window.seen = [line, column]; return true; };\n</script>\n<script>\nnope();</script>',
    ),
    (d, w) => w.seen,
  ),
);
add('performance entries of the navigation', () =>
  shown(html('<p>x'), (d, w) => {
    const [n] = w.performance.getEntriesByType('navigation');
    return {
      type: n.type,
      name: n.name.split('?')[0],
      initiator: n.initiatorType,
      redirects: n.redirectCount,
      status: n.responseStatus,
      entries: w.performance.getEntriesByType('resource').length,
    };
  }),
);
