// The XMLHttpRequest Standard.
const send = (
  configure = () => undefined,
  { method = 'GET', url = '/inspect', body = null } = {},
) =>
  new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    const log = [];
    for (const name of ['loadstart', 'progress', 'abort', 'error', 'load', 'timeout', 'loadend'])
      xhr.addEventListener(name, (e) => {
        if (name !== 'progress' || log.at(-1) !== name) log.push(name);
        if (name === 'loadend') resolve({ xhr, log });
      });
    xhr.onreadystatechange = () => log.at(-1) !== xhr.readyState && log.push(xhr.readyState);
    xhr.open(method, url);
    configure(xhr, log);
    xhr.send(body);
  });

add('events and states', async () => {
  const { xhr, log } = await send(undefined, { url: serve({ body: 'x'.repeat(50) }) });
  return [
    log,
    xhr.status,
    xhr.statusText,
    new URL(xhr.responseURL).pathname,
    xhr.responseText.length,
  ];
});
add('methods and request headers', async () => {
  const got = {};
  for (const method of ['GET', 'post', 'PUT', 'PATCH', 'delete']) {
    const { xhr } = await send((x) => x.setRequestHeader('x-own', 'a'), { method, body: 'b' });
    const { method: seen, headers, body } = JSON.parse(xhr.responseText);
    got[method] = [
      seen,
      headers['x-own'],
      headers['content-type'],
      headers['content-length'],
      body,
    ];
  }
  return got;
});
add('wrong calls', () => {
  const xhr = new XMLHttpRequest();
  const name = (run) => {
    try {
      return run() ?? 'nothing';
    } catch (e) {
      return e.name;
    }
  };
  return [
    name(() => xhr.send()),
    name(() => xhr.open('a b', '/')),
    name(() => xhr.open('TRACE', '/')),
    name(() => xhr.open('GET', 'http://[')),
    name(() => xhr.setRequestHeader('a', 'b')),
    name(() => xhr.open()),
    name(() => (xhr.responseType = 'nonsense')),
    xhr.readyState,
    name(() => xhr.getResponseHeader('a')),
    name(() => xhr.getAllResponseHeaders()),
    name(() => {
      xhr.open('GET', '/inspect');
      xhr.setRequestHeader('a b', '');
    }),
  ];
});
add('response types', async () => {
  const got = {};
  for (const responseType of ['', 'text', 'json', 'arraybuffer', 'blob', 'document']) {
    const url = serve({
      headers: { 'content-type': responseType === 'document' ? 'text/html' : 'application/json' },
      body: responseType === 'document' ? '<title>t</title>' : '{"a":"ä"}',
    });
    const { xhr } = await send((x) => (x.responseType = responseType), { url });
    const { response } = xhr;
    got[responseType] =
      response instanceof ArrayBuffer
        ? response.byteLength
        : response instanceof Blob
          ? [response.size, response.type]
          : response instanceof Document
            ? [response.title, new URL(response.URL).pathname, response.documentElement.outerHTML]
            : response;
  }
  return got;
});
add('responseXML and overrideMimeType', async () => {
  const { xhr } = await send(undefined, {
    url: serve({ headers: { 'content-type': 'text/xml' }, body: '<a b="c"/>' }),
  });
  const over = await send((x) => x.overrideMimeType('text/plain; charset=iso-8859-1'), {
    url: serve({ base64: 'w6Q=' }),
  });
  return [xhr.responseXML?.documentElement.getAttribute('b'), over.xhr.responseText];
});
add('response headers', async () => {
  const { xhr } = await send(undefined, {
    url: serve({
      headers: { 'x-b': ['1', '2'], 'x-a': 'a', 'set-cookie': 'xhr-hidden=1; Max-Age=0' },
      body: '',
    }),
  });
  return xhr
    .getAllResponseHeaders()
    .split('\r\n')
    .filter((line) => !/^(date|keep-alive|connection|transfer-encoding)/.test(line));
});
add('statuses', async () => {
  const got = {};
  for (const status of [204, 205, 304, 404, 500]) {
    const { xhr, log } = await send(undefined, { url: serve({ status }) });
    got[status] = [xhr.status, log];
  }
  return got;
});
add('redirects', async () => {
  const { xhr, log } = await send(undefined, {
    method: 'POST',
    body: 'b',
    url: serve({ status: 302, headers: { location: '/inspect?to' } }),
  });
  return [xhr.responseURL, JSON.parse(xhr.responseText).method, log];
});
add('abort', async () => {
  const waiting = await send((x) => setTimeout(() => x.abort(), 100), {
    url: serve({ waitMs: 2_000 }),
  });
  const reading = await send((x) => (x.onprogress = () => setTimeout(() => x.abort(), 20)), {
    url: serve({
      headers: { 'content-type': 'application/octet-stream' },
      chunks: ['a'.repeat(2_000)],
      hangs: true,
    }),
  });
  return [
    waiting.log,
    waiting.xhr.status,
    waiting.xhr.readyState,
    reading.log,
    reading.xhr.responseText.length,
  ];
});
add('timeout', async () => {
  const { xhr, log } = await send((x) => (x.timeout = 150), { url: serve({ waitMs: 2_000 }) });
  const body = await send((x) => (x.timeout = 300), { url: serve({ chunks: ['a'], hangs: true }) });
  return [log, xhr.status, body.log];
});
add('errors', async () => {
  const { xhr, log } = await send(undefined, {
    url: serve({ headers: { 'content-length': '90' }, body: 'x', breaks: true }),
  });
  return [log, xhr.status, xhr.responseText];
});
add('uploads', async () => {
  const got = {};
  const form = new FormData();
  form.append('a', new Blob(['x']), 'n');
  for (const [name, body] of Object.entries({
    text: 'ä',
    blob: new Blob(['x'], { type: 'a/b' }),
    buffer: new Uint8Array(3),
    parameters: new URLSearchParams('a=b'),
    form,
    document: new DOMParser().parseFromString('<p>x', 'text/html'),
  })) {
    const { xhr } = await send(undefined, { method: 'POST', body });
    const { headers, body: seen } = JSON.parse(xhr.responseText);
    const boundary = /boundary=(.*)/.exec(headers['content-type'])?.[1];
    got[name] = boundary
      ? [headers['content-type'].replace(boundary, ''), seen.replaceAll(boundary, 'B')]
      : [headers['content-type'], headers['content-length'], seen];
  }
  return got;
});
add('upload events', async () => {
  const events = [];
  await send(
    (x) => {
      for (const name of ['loadstart', 'progress', 'load', 'loadend', 'error'])
        x.upload.addEventListener(
          name,
          (e) => events.at(-1)?.[0] !== name && events.push([name, e.lengthComputable]),
        );
    },
    { method: 'POST', body: 'x'.repeat(100_000) },
  );
  return events.map(([name]) => name);
});
add('progress', async () => {
  const totals = [];
  await send((x) => (x.onprogress = (e) => totals.push([e.lengthComputable, e.total])), {
    url: serve({ headers: { 'content-length': '4' }, body: 'abcd' }),
  });
  const unknown = [];
  await send((x) => (x.onprogress = (e) => unknown.push(e.lengthComputable)), {
    url: serve({ chunks: ['a', 'b'], delayMs: 100 }),
  });
  return [totals.at(-1), unknown[0]];
});
add('text as it comes', async () => {
  const seen = [];
  await send(
    (x) => (x.onreadystatechange = () => x.readyState === 3 && seen.push(x.responseText)),
    { url: serve({ chunks: ['a', 'b', 'c'], delayMs: 150 }) },
  );
  return seen.filter((text) => text !== '').length >= 2;
});
add('withCredentials and cookies', async () => {
  document.cookie = 'xhr-own=1';
  cleanup(() => (document.cookie = 'xhr-own=; max-age=0'));
  const { xhr } = await send((x) => (x.withCredentials = false));
  return /xhr-own=1/.test(JSON.parse(xhr.responseText).headers.cookie);
});
add('reuse', async () => {
  const { xhr } = await send();
  const ended = event(xhr, 'loadend');
  xhr.open('GET', '/inspect?again');
  xhr.send();
  await ended;
  return JSON.parse(xhr.responseText).url;
});
add('synchronous in the page', () => {
  const xhr = new XMLHttpRequest();
  xhr.open('GET', '/inspect', false);
  return outcome(() => {
    xhr.send();
    return xhr.status;
  });
});
add('the interface', () => [
  XMLHttpRequest.name,
  XMLHttpRequest.length,
  String(new XMLHttpRequest()),
  Object.keys(XMLHttpRequest.prototype).length,
  XMLHttpRequest.DONE,
  Object.getPrototypeOf(XMLHttpRequest).name,
  String(XMLHttpRequest.prototype.send).includes('[native code]'),
  new XMLHttpRequest().upload instanceof XMLHttpRequestUpload,
]);
