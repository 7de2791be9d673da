// Content Security Policy Level 3, and the other policies of a response.
const POLICY = 'content-security-policy';
const RAN = `window.inline = 1`;
/** What a document under a policy may do. */
const trial = async (
  policy,
  body = `<script nonce=n1>${RAN}</script><script>window.evil = 1</script>`,
  see,
  name = POLICY,
) => {
  const f = await frame(
    serve(html(`<!doctype html><title>t</title>${body}`, { headers: { [name]: policy } })),
  );
  return outcome(() =>
    (see ?? ((w) => [w.inline ?? null, w.evil ?? null, outcomeOf(() => w.eval('1'))]))(
      f.contentWindow,
      f.contentDocument,
    ),
  );
};
const outcomeOf = (run) => {
  try {
    return run();
  } catch (e) {
    return e.name;
  }
};
const hash = async (text) =>
  `'sha256-${btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))))}'`;

add('scripts', async () => ({
  nonce: await trial(`script-src 'nonce-n1'`),
  hash: await trial(`script-src ${await hash(RAN)}`),
  'default-src none': await trial(`default-src 'none'`),
  self: await trial(`script-src 'self'`),
  'unsafe-inline': await trial(`script-src 'unsafe-inline'`),
  'unsafe-eval': await trial(`script-src 'nonce-n1' 'unsafe-eval'`),
  'strict-dynamic': await trial(`script-src 'nonce-n1' 'strict-dynamic'`),
  'two policies': await trial([
    `script-src 'nonce-n1' 'unsafe-inline'`,
    `script-src 'unsafe-inline'`,
  ]),
  'one with a comma': await trial(`script-src 'nonce-n1', script-src 'nonce-n2'`),
  elem: await trial(`script-src-elem 'nonce-n1'`),
  none: await trial(''),
  'report-only': await trial(`script-src 'none'`, undefined, undefined, `${POLICY}-report-only`),
  meta: await (async () => {
    const f = await frame(
      serve(
        html(
          `<!doctype html><meta http-equiv="${POLICY}" content="script-src 'nonce-n1'"><script nonce=n1>${RAN}</script><script>window.evil=1</script>`,
        ),
      ),
    );
    return [f.contentWindow.inline ?? null, f.contentWindow.evil ?? null];
  })(),
}));
add('strict-dynamic: added scripts', () =>
  trial(
    `script-src 'nonce-n1' 'strict-dynamic'`,
    `<script nonce=n1>const s = document.createElement('script'); s.src = ${JSON.stringify(serve(script('window.added = 1')))}; document.head.append(s)</script>`,
    (w) => look(() => w.added),
  ),
);
add('nonces are hidden', () =>
  trial(`script-src 'nonce-n1'`, `<script nonce=n1 id=a>${RAN}</script>`, (w, d) => [
    d.getElementById('a').nonce,
    d.getElementById('a').getAttribute('nonce'),
  ]),
);
add('kinds of requests', async () => {
  const image = {
    headers: { 'content-type': 'image/svg+xml' },
    body: '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>',
  };
  const asks = async (w, d) => {
    const of = (name, attributes) =>
      within(
        4_000,
        new Promise((resolve) => {
          const e = Object.assign(d.createElement(name), attributes);
          e.onload = () => resolve('load');
          e.onerror = () => resolve('error');
          d.body.append(e);
        }),
      );
    return {
      fetch: await outcome(() => w.fetch('/inspect').then((r) => r.status)),
      image: await of('img', { src: serve(image) }),
      style: await of('link', {
        rel: 'stylesheet',
        href: serve({ headers: { 'content-type': 'text/css' } }),
      }),
      script: await of('script', { src: serve(script('')) }),
      socket: await outcome(() =>
        within(
          3_000,
          new Promise((resolve) => {
            const s = new w.WebSocket('/ws');
            s.onopen = () => {
              resolve('open');
              s.close();
            };
            s.onerror = () => resolve('error');
          }),
        ),
      ),
      beacon: outcomeOf(() => w.navigator.sendBeacon('/inspect')),
      worker: await outcome(() =>
        within(
          3_000,
          new Promise((resolve) => {
            const x = new w.Worker(serve(script('postMessage(1)')));
            x.onmessage = () => resolve('message');
            x.onerror = (e) => {
              e.preventDefault();
              resolve('error');
            };
          }),
        ),
      ),
    };
  };
  const got = {};
  for (const policy of [
    `default-src 'none'`,
    `default-src 'self'`,
    `connect-src 'none'`,
    `img-src 'none'`,
    `worker-src 'none'`,
    `style-src 'none'; script-src 'self'`,
  ])
    got[policy] = await trial(policy, '<p>x', asks);
  return got;
});
add('violations', async () => {
  const see = async (w, d) => {
    const seen = [];
    d.addEventListener('securitypolicyviolation', (e) =>
      seen.push([
        e.effectiveDirective,
        e.violatedDirective,
        e.blockedURI.split('?')[0],
        e.disposition,
        e.originalPolicy,
        e.lineNumber > 0,
      ]),
    );
    await outcome(() => w.fetch('/inspect'));
    const i = d.createElement('img');
    i.src = '/inspect';
    d.body.append(i);
    await look(() => seen.length > 1, 2_000);
    return seen;
  };
  return {
    enforced: await trial(`default-src 'none'`, '<p>x', see),
    reported: await trial(
      `img-src 'none'; connect-src 'none'`,
      '<p>x',
      see,
      `${POLICY}-report-only`,
    ),
  };
});
add('violations of the inline script that is not ours', () =>
  trial(
    `script-src 'nonce-n1'`,
    `<script nonce=n1>window.seen = []; document.addEventListener('securitypolicyviolation', (e) => seen.push([e.blockedURI, e.sample, e.originalPolicy]))</script><script>evil()</script>`,
    async (w) => {
      await look(() => w.seen.length, 1_000);
      return w.seen;
    },
  ),
);
add('reports', async () => {
  const log = uid();
  await trial(`img-src 'none'; report-uri ${serve({ log })}`, `<img src="/inspect?blocked">`, () =>
    wait(300),
  );
  const seen = await logOf(log, 1);
  return seen.map(({ method, headers, body }) => [
    method,
    headers['content-type'],
    Object.keys(JSON.parse(body)),
    JSON.parse(body)['csp-report']?.['effective-directive'],
    JSON.parse(body)['csp-report']?.['original-policy'].split(';')[0],
  ]);
});
add('sandbox', async () => {
  const got = {};
  for (const policy of [
    'sandbox',
    'sandbox allow-scripts',
    'sandbox allow-scripts allow-same-origin',
  ]) {
    const heard = message(2_500);
    const f = await frame(
      serve(
        html(
          `<script>parent.postMessage([self.origin, (() => { try { return document.cookie === '' || 'cookies' } catch (e) { return e.name } })()], '*')</script>`,
          { headers: { [POLICY]: policy } },
        ),
      ),
    );
    got[policy] = [await heard, f.contentDocument === null];
  }
  return got;
});
add('frames: frame-ancestors, X-Frame-Options, frame-src', async () => {
  const framed = async (headers) => {
    const f = await frame(serve(html('<title>framed</title>', { headers })));
    return outcome(() => f.contentDocument?.title ?? 'refused');
  };
  return {
    none: await framed({ [POLICY]: `frame-ancestors 'none'` }),
    self: await framed({ [POLICY]: `frame-ancestors 'self'` }),
    other: await framed({ [POLICY]: `frame-ancestors http://a.invalid` }),
    deny: await framed({ 'x-frame-options': 'DENY' }),
    sameorigin: await framed({ 'x-frame-options': 'SAMEORIGIN' }),
    both: await framed({ 'x-frame-options': 'DENY', [POLICY]: `frame-ancestors 'self'` }),
    src: await trial(
      `frame-src 'none'`,
      `<iframe src="/inspect?type=text/html"></iframe>`,
      (w, d) => outcome(() => d.querySelector('iframe').contentDocument?.title ?? 'refused'),
    ),
  };
});
add('form-action, base-uri', async () => ({
  form: await trial(
    `form-action 'none'`,
    `<form action="/inspect?type=text/html"></form>`,
    async (w, d) => {
      d.forms[0].submit();
      await wait(400);
      return outcome(() => w.document.title);
    },
  ),
  base: await trial(`base-uri 'none'`, '<base href="/deep/">', (w, d) =>
    d.baseURI.includes('/deep/'),
  ),
}));
add('trusted types', () =>
  trial(`require-trusted-types-for 'script'`, `<p id=p>`, (w, d) => [
    outcomeOf(() => {
      d.getElementById('p').innerHTML = '<b>x';
      return 'set';
    }),
    outcomeOf(() => {
      d.createElement('script').src = '/x';
      return 'set';
    }),
    outcomeOf(() => w.eval('1')),
    typeof w.trustedTypes,
  ]),
);
add('trusted types: names of policies', () =>
  trial(`trusted-types own`, `<p>`, (w) => [
    outcomeOf(() => w.trustedTypes?.createPolicy('own', {}).name ?? 'none'),
    outcomeOf(() => w.trustedTypes?.createPolicy('else', {}).name ?? 'none'),
  ]),
);
add('inline styles', () =>
  trial(
    `style-src 'nonce-s'`,
    '<style nonce=s>p { color: rgb(1, 2, 3) }</style><style>p { color: red }</style><p style="top: 1px">x',
    (w, d) => [w.getComputedStyle(d.querySelector('p')).color, d.querySelector('p').style.top],
  ),
);
add('a srcdoc frame and a blob: frame inherit', () =>
  trial(
    `default-src 'self'; script-src 'nonce-n1'`,
    `<iframe srcdoc="<script>parent.evil = 1</script><script nonce=n1>parent.inline = 1</script>"></iframe>`,
    (w) => [w.inline ?? null, w.evil ?? null],
  ),
);
add('cross-origin isolation', async () => {
  const opened = popup(
    serve(
      html(
        '<title>isolated</title><script>document.title = "isolated " + self.crossOriginIsolated</script>',
        {
          headers: {
            'cross-origin-opener-policy': 'same-origin',
            'cross-origin-embedder-policy': 'require-corp',
          },
        },
      ),
    ),
  );
  await wait(800);
  return opened.closed;
});
add('COEP: what it refuses', async () => {
  const f = await frame(
    serve(html('<p>', { headers: { 'cross-origin-embedder-policy': 'require-corp' } })),
  );
  return outcome(() => f.contentDocument?.title ?? 'refused');
});
add('Referrer-Policy of a document', async () => {
  const got = {};
  for (const policy of ['no-referrer', 'origin', 'unsafe-url', 'same-origin', 'nonsense']) {
    const { contentWindow: w } = await frame(
      serve(html('<p>', { headers: { 'referrer-policy': policy } })),
    );
    got[policy] = (await (await w.fetch('/inspect')).json()).headers.referer?.split('?')[0] ?? null;
  }
  return got;
});
add('Permissions-Policy', async () => {
  const { contentWindow: w } = await frame(
    serve(html('<p>', { headers: { 'permissions-policy': 'geolocation=(), sync-xhr=()' } })),
  );
  const policy = w.document.permissionsPolicy ?? w.document.featurePolicy;
  return policy
    ? ['geolocation', 'sync-xhr', 'fullscreen'].map((name) => policy.allowsFeature(name))
    : 'none';
});
add(
  'Origin-Agent-Cluster, Document-Policy, Cross-Origin-Resource-Policy of own things',
  async () => {
    const { contentWindow: w } = await frame(
      serve(
        html('<p>', {
          headers: {
            'origin-agent-cluster': '?0',
            'document-policy': 'force-load-at-top',
            'cross-origin-resource-policy': 'same-origin',
          },
        }),
      ),
    );
    return [
      w.originAgentCluster ?? null,
      (
        await fetch(
          serve({ headers: { 'cross-origin-resource-policy': 'same-origin' }, body: 'x' }),
        )
      ).status,
    ];
  },
);
add('upgrade-insecure-requests', () =>
  trial('upgrade-insecure-requests', '<p>', async (w) =>
    outcome(() => w.fetch('/inspect').then((r) => r.status)),
  ),
);
add('policy of XHTML and SVG', async () => {
  const f = await frame(
    serve({
      headers: { 'content-type': 'image/svg+xml', [POLICY]: `script-src 'none'` },
      body: '<svg xmlns="http://www.w3.org/2000/svg"><script>document.documentElement.id = "ran"</script></svg>',
    }),
  );
  return f.contentDocument.documentElement.id;
});
