// The Fetch Standard: requests, responses, credentials, abort, streams, integrity, referrers.
add('methods', async () => {
  const got = {};
  for (const method of ['GET', 'post', 'Put', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])
    got[method] = (await inspect({ method })).method;
  for (const method of ['TRACE', 'connect', 'a b', '', 'patch', 'x-Own'])
    got[method] = await outcome(() => fetch('/inspect', { method }).then(({ status }) => status));
  return got;
});
add('request headers as the server sees them', async () => {
  const { headers } = await inspect({ headers: { 'x-own': 'ä', accept: 'text/x-own' } });
  return headers;
});
add(
  'request headers of a POST',
  async () => (await inspect({ method: 'POST', body: 'b' })).headers,
);
add('request headers that pages may not set', async () => {
  const names = [
    'cookie',
    'host',
    'origin',
    'referer',
    'date',
    'via',
    'te',
    'dnt',
    'expect',
    'upgrade',
    'sec-own',
    'proxy-own',
    'accept-charset',
    'content-length',
    'keep-alive',
    'set-cookie',
    'trailer',
  ];
  const { headers } = await inspect({ headers: names.map((name) => [name, 'own-value']) });
  return names.filter((name) => headers[name] === 'own-value');
});
add('request headers: values and repetition', async () => {
  const { headers } = await inspect({
    headers: [
      ['x-a', ' 1 '],
      ['X-A', '2'],
      ['x-empty', ''],
      ['x-latin', 'é'],
      ['x-long', 'y'.repeat(5_000)],
    ],
  });
  return [headers['x-a'], headers['x-empty'], headers['x-latin'], headers['x-long']?.length];
});
add('request bodies', async () => {
  const form = new FormData();
  form.append('a', 'b\nc');
  form.append('file', new File(['x'], 'n"ä.txt', { type: 'text/x-own' }));
  const bodies = {
    text: 'ä',
    empty: '',
    none: undefined,
    nothing: null,
    buffer: new Uint8Array([0, 255]).buffer,
    view: new Uint8Array([1, 2, 3]).subarray(1),
    blob: new Blob(['x']),
    'typed blob': new Blob(['x'], { type: 'a/b' }),
    parameters: new URLSearchParams({ ä: ' &' }),
    object: { a: 1 },
    form,
    large: 'z'.repeat(400_000),
  };
  const got = {};
  for (const [name, body] of Object.entries(bodies)) {
    const { headers, body: bytes } = await inspect({ method: 'POST', body });
    const boundary = /boundary=(.*)/.exec(headers['content-type'] ?? '')?.[1];
    const normal = (text) => (boundary ? text?.replaceAll(boundary, 'BOUNDARY') : text);
    const length = boundary ? 'any' : headers['content-length'];
    got[name] = [
      normal(headers['content-type']),
      length,
      headers['transfer-encoding'],
      normal(bytes).slice(0, 500),
      bytes.length === Number(headers['content-length']),
    ];
  }
  return got;
});
add('a body with GET or HEAD', async () => [
  await outcome(() => fetch('/inspect', { body: 'x' })),
  await outcome(() => fetch('/inspect', { method: 'HEAD', body: '' })),
]);
add('a stream as request body', () =>
  outcome(async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('in pieces'));
        controller.close();
      },
    });
    const { headers, body: text } = await inspect({ method: 'POST', body, duplex: 'half' });
    return [text, headers['content-type']];
  }),
);
add('URLs as the server sees them', async () => {
  const got = {};
  for (const path of [
    '/inspect?',
    '/inspect?a b',
    '/inspect?ä=%C3%A4',
    '/a/../inspect',
    '/./inspect',
    '/inspect?a#f',
    '/inspect?%zz',
    '/inspect?\'"<>`{}|\\^',
    '/inspect?' + 'q'.repeat(7_000),
  ])
    got[path.slice(0, 30)] = (await inspect({}, path)).url;
  return got;
});
add('URLs that fetch refuses', async () => {
  const got = {};
  for (const url of [
    'http://u:p@' + location.host + '/inspect',
    'http://[',
    'ftp://a.invalid/',
    'about:blank',
    'javascript:1',
    'blob:x',
  ])
    got[url] = await outcome(() => fetch(url).then(({ status }) => status));
  return got;
});
add('data: and blob: URLs', async () => {
  const url = URL.createObjectURL(new Blob(['0123456789'], { type: 'a/b' }));
  const response = await fetch(url);
  const got = [
    response.status,
    response.headers.get('content-type'),
    response.headers.get('content-length'),
    await response.text(),
  ];
  const part = await fetch(url, { headers: { range: 'bytes=2-4' } });
  got.push(part.status, part.headers.get('content-range'), await part.text());
  got.push(await outcome(() => fetch(url, { method: 'POST' })));
  URL.revokeObjectURL(url);
  got.push(await outcome(() => fetch(url)));
  got.push(
    await textOf('data:text/plain;charset=utf-8,a%20b'),
    (await fetch('data:,')).headers.get('content-type'),
  );
  return got;
});
add('the response', async () => {
  const response = await fetch(serve({ headers: { 'x-own': 'a' }, body: 'b' }) + '#part');
  const { type, url, redirected, status, statusText, ok, bodyUsed } = response;
  return {
    type,
    url: url.slice(-30),
    redirected,
    status,
    statusText,
    ok,
    bodyUsed,
    headers: [...response.headers].filter(
      ([name]) => !['date', 'connection', 'keep-alive', 'transfer-encoding'].includes(name),
    ),
  };
});
add('reason phrases', async () => {
  const got = {};
  for (const reason of ['Own Words', '', 'Ünsinn'.normalize('NFD').replace(/[^ -~]/g, '')])
    got[reason] = (await fetch(serve({ reason }))).statusText;
  got['404'] = (await fetch(serve({ status: 404 }))).statusText;
  got['799'] = await outcome(() =>
    fetch(serve({ status: 799, reason: 'Odd' })).then(({ status, statusText }) => [
      status,
      statusText,
    ]),
  );
  return got;
});
add('response headers', async () => {
  const { headers } = await fetch(
    serve({
      headers: {
        'x-two': ['1', '2, 3'],
        'x-empty': '',
        'x-latin': 'é',
        'set-cookie': 'fetch-hidden=1; Max-Age=0',
        'content-type': 'a/b; c="d"',
        vary: ['a', 'b'],
        link: '</x>; rel=own',
        server: 'own',
        'content-language': 'de',
        'x-long': 'y'.repeat(6_000),
      },
    }),
  );
  return Object.fromEntries(
    [
      'x-two',
      'x-empty',
      'x-latin',
      'set-cookie',
      'content-type',
      'vary',
      'link',
      'server',
      'content-language',
      'date',
      'connection',
      'keep-alive',
      'transfer-encoding',
      'x-long',
    ].map((name) => [
      name,
      name === 'date' ? headers.has(name) : (headers.get(name)?.slice(-20) ?? null),
    ]),
  );
});
add('content-length', async () => {
  const { headers } = await fetch(serve({ headers: { 'content-length': '3' }, body: 'abc' }));
  return [headers.get('content-length')];
});
add('statuses', async () => {
  const got = {};
  for (const status of [
    200, 201, 202, 203, 204, 205, 300, 304, 400, 401, 402, 403, 404, 405, 407, 409, 410, 416, 418,
    421, 429, 451, 500, 502, 503, 504, 511, 599,
  ]) {
    const empty = [204, 205, 304].includes(status);
    got[status] = await outcome(async () => {
      const response = await fetch(serve({ status, body: empty ? '' : 'text' }));
      return [response.status, response.ok, response.body === null, await response.text()];
    });
  }
  return got;
});
add('HEAD', async () => {
  const response = await fetch(
    serve({ headers: { 'content-length': '5', etag: '"a"' }, body: '12345' }),
    { method: 'HEAD' },
  );
  return [
    response.status,
    response.headers.get('content-length'),
    response.headers.get('etag'),
    (await response.arrayBuffer()).byteLength,
  ];
});
add('early hints', async () => {
  const response = await fetch(
    serve({ earlyHints: '</x.css>; rel=preload; as=style', body: 'after' }),
  );
  return [response.status, await response.text()];
});
add('trailers', async () => {
  const response = await fetch(serve({ trailers: { 'x-after': '1' }, chunks: ['a', 'b'] }));
  return [await response.text(), response.headers.get('x-after'), response.headers.get('trailer')];
});
add('credentials', async () => {
  document.cookie = 'fetch-credentials=1';
  cleanup(() => (document.cookie = 'fetch-credentials=; max-age=0'));
  const got = {};
  for (const credentials of ['omit', 'same-origin', 'include'])
    got[credentials] = /fetch-credentials/.test(
      (await inspect({ credentials })).headers.cookie ?? '',
    );
  const key = uid();
  for (const credentials of ['omit', 'include']) {
    await fetch(serve({ headers: { 'set-cookie': `${key}${credentials}=1` } }), { credentials });
    got[`set by ${credentials}`] = document.cookie.includes(`${key}${credentials}`);
    document.cookie = `${key}${credentials}=; max-age=0`;
  }
  return got;
});
add('abort', async () => {
  const controller = new AbortController();
  controller.abort();
  const got = { before: await outcome(() => fetch('/inspect', { signal: controller.signal })) };
  got.reason = await outcome(() =>
    fetch('/inspect', { signal: AbortSignal.abort(new RangeError('own')) }),
  );
  const late = new AbortController();
  const waiting = fetch(serve({ waitMs: 3_000 }), { signal: late.signal });
  setTimeout(() => late.abort(), 100);
  got.waiting = await outcome(waiting);
  got.timeout = await outcome(() =>
    fetch(serve({ waitMs: 3_000 }), { signal: AbortSignal.timeout(100) }),
  );
  const body = new AbortController();
  const response = await fetch(serve({ chunks: ['a'], hangs: true }), { signal: body.signal });
  const reader = response.body.getReader();
  got.first = new TextDecoder().decode((await reader.read()).value);
  body.abort();
  got.reading = await outcome(() => reader.read());
  got.used = response.bodyUsed;
  return got;
});
add('abort: a signal reused, a Request, a clone', async () => {
  const controller = new AbortController();
  const request = new Request(serve({ waitMs: 3_000 }), { signal: controller.signal });
  const both = [
    fetch(request.clone()),
    fetch(request),
    fetch('/inspect', { signal: controller.signal }).then(({ status }) => status),
  ];
  const last = await both[2];
  controller.abort();
  return [await outcome(both[0]), await outcome(both[1]), last, request.signal.aborted];
});
add('streaming', async () => {
  const response = await fetch(serve({ chunks: ['a', 'b', 'c'], delayMs: 120 }));
  const reader = response.body.getReader();
  const got = [];
  for (let read = await reader.read(); !read.done; read = await reader.read())
    got.push(new TextDecoder().decode(read.value));
  return got;
});
add('streaming: tee, clone, cancel, byte readers', async () => {
  const url = serve({ body: 'PAD', pad: 100_000 });
  const [one, two] = (await fetch(url)).body.tee();
  const got = [(await new Response(one).text()).length, (await new Response(two).text()).length];
  const response = await fetch(url);
  const copy = response.clone();
  got.push(
    (await copy.text()).length,
    (await response.blob()).size,
    await outcome(() => response.text()),
    await outcome(() => Promise.resolve(response.clone()).then(() => 1)),
  );
  const cancelled = await fetch(serve({ chunks: ['a'], hangs: true }));
  await cancelled.body.cancel('enough');
  got.push(
    cancelled.bodyUsed,
    await outcome(async () => (await fetch(url)).body.getReader({ mode: 'byob' }).constructor.name),
  );
  return got;
});
add('responses that break off', async () => ({
  'with a length': await outcome(() =>
    textOf(serve({ headers: { 'content-length': '100' }, body: 'short', breaks: true })),
  ),
  chunked: await outcome(() => textOf(serve({ chunks: ['short'], breaks: true }))),
  'before the head': await outcome(() => textOf(serve({ waitMs: 10, breaks: true, body: '' }))),
  'first bytes': await outcome(async () => {
    const reader = (
      await fetch(serve({ chunks: ['short'], delayMs: 300, breaks: true }))
    ).body.getReader();
    return new TextDecoder().decode((await reader.read()).value);
  }),
}));
add('consuming bodies', async () => {
  const json = { headers: { 'content-type': 'application/json' } };
  const form = {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a=1&b=%C3%A4',
  };
  const multipart = {
    headers: { 'content-type': 'multipart/form-data; boundary=B' },
    body: '--B\r\nContent-Disposition: form-data; name="f"; filename="n"\r\n\r\nx\r\n--B--\r\n',
  };
  return {
    json: await (await fetch(serve({ ...json, body: '\ufeff{"a":1}' }))).json(),
    broken: await outcome(async () => (await fetch(serve({ ...json, body: '{' }))).json()),
    bom: await textOf(serve({ body: '\ufeffx' })),
    latin: await textOf(
      serve({ headers: { 'content-type': 'text/plain; charset=iso-8859-1' }, base64: 'w6Q=' }),
    ),
    form: [...(await (await fetch(serve(form))).formData())],
    file: (await (await fetch(serve(multipart))).formData()).get('f').size,
    blob: await fetch(serve({ headers: { 'content-type': 'A/B; C=D' }, body: 'x' }))
      .then((r) => r.blob())
      .then(({ type, size }) => [type, size]),
    bytes: await outcome(async () => (await (await fetch(serve({ body: 'ab' }))).bytes()).length),
  };
});
add('integrity', async () => {
  const digest = btoa(
    String.fromCharCode(
      ...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('exact'))),
    ),
  );
  const get = (integrity, url = serve({ body: 'exact' })) =>
    outcome(() => textOf(url, { integrity }));
  return {
    right: await get(`sha256-${digest}`),
    wrong: await get(`sha256-${digest.replace(/^./, '_')}`),
    either: await get(`sha256-AAAA sha256-${digest}`),
    unknown: await get('md5-AAAA'),
    other: await get(`sha256-${digest}`, other(cors({ body: 'exact' }))),
    'no-cors': await outcome(() =>
      textOf(other({ body: 'exact' }), { mode: 'no-cors', integrity: `sha256-${digest}` }),
    ),
  };
});
for (const policy of [
  '',
  'no-referrer',
  'no-referrer-when-downgrade',
  'origin',
  'origin-when-cross-origin',
  'same-origin',
  'strict-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
])
  add(`referrer policy "${policy}"`, async () => {
    const key = uid();
    await fetch(other({ log: key }), { mode: 'no-cors', referrerPolicy: policy });
    const seen = await (await fetch(`${OTHER}/log?key=${key}&count=1`)).json();
    return {
      own: (await inspect({ referrerPolicy: policy })).headers.referer?.replace(
        /other=\d+/,
        'PORT',
      ),
      other: seen[0]?.headers.referer?.replace(/other=\d+/, 'PORT'),
    };
  });
add('referrers that the page names', async () => {
  const of = (referrer) =>
    outcome(async () =>
      (await inspect({ referrer, referrerPolicy: 'unsafe-url' })).headers.referer?.replace(
        /other=\d+/,
        'PORT',
      ),
    );
  return [
    await of(''),
    await of('/elsewhere?x#y'),
    await of('about:client'),
    await of('http://a.invalid/'),
    await of('http://['),
  ];
});
add('modes', async () => {
  const got = {};
  for (const mode of ['cors', 'no-cors', 'same-origin', 'navigate'])
    got[mode] = await outcome(async () => {
      const response = await fetch('/inspect', { mode, headers: { 'x-own': '1' } });
      const { headers } = await response.json();
      return [response.type, headers['x-own'] ?? null, headers['sec-fetch-mode']];
    });
  return got;
});
add('keepalive', async () => ({
  works: await outcome(
    async () => (await inspect({ keepalive: true, method: 'POST', body: 'x' })).body,
  ),
  limit: await outcome(
    async () =>
      (await inspect({ keepalive: true, method: 'POST', body: 'x'.repeat(65_537) })).body.length,
  ),
}));
add('Request objects', async () => {
  const request = new Request('/inspect?r', {
    method: 'POST',
    body: 'once',
    headers: { 'x-own': '1' },
  });
  const got = [
    (await inspect({}, request.clone())).body,
    (await inspect({ method: 'PUT' }, request)).method,
    request.bodyUsed,
  ];
  got.push(
    await outcome(() => fetch(request)),
    (await inspect({}, new Request(new Request('/inspect?twice'), { cache: 'no-store' }))).url,
  );
  got.push(
    (await inspect({}, { toString: () => '/inspect?object' })).url,
    (await inspect({}, new URL('/inspect?url', location.origin))).url,
  );
  return got;
});
add('calls', async () => [
  await outcome(() => fetch()),
  await outcome(() => fetch.call({}, '/inspect').then(({ status }) => status)),
  await outcome(() => fetch.call(undefined, '/inspect').then(({ status }) => status)),
  await outcome(() => fetch('/inspect', { method: Symbol() })),
  await outcome(() => fetch('/inspect', { redirect: 'nonsense' })),
  await outcome(() => fetch('/inspect', null).then(({ status }) => status)),
  await outcome(() => fetch('/inspect', { signal: null }).then(({ status }) => status)),
  await outcome(() => fetch('/inspect', { signal: {} })),
  await outcome(() => fetch('/inspect', { headers: { 'a b': '1' } })),
]);
add('many at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => textOf(serve({ body: String(i) }))),
  );
  return answers.every((text, i) => text === String(i));
});
