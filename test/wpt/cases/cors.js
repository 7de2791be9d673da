// Fetch, "CORS protocol": requests to a server of another origin, which no gateway stands before.
const preflighted = (spec) => ({
  ...spec,
  headers: {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': '*',
    'access-control-allow-methods': '*',
    ...spec?.headers,
  },
});

add('simple requests', async () => ({
  refused: await outcome(() => textOf(other({ body: 'x' }))),
  allowed: await outcome(() => textOf(other(cors({ body: 'x' })))),
  named: await outcome(() =>
    textOf(other({ body: 'x', headers: { 'access-control-allow-origin': location.origin } })),
  ),
  wrong: await outcome(() =>
    textOf(other({ body: 'x', headers: { 'access-control-allow-origin': 'http://a.invalid' } })),
  ),
}));
add('what the other server sees', async () => {
  const log = uid();
  await textOf(other(cors({ log })));
  const [{ headers }] = await (await fetch(`${OTHER}/log?key=${log}&count=1`)).json();
  return Object.fromEntries(
    [
      'origin',
      'referer',
      'cookie',
      'sec-fetch-site',
      'sec-fetch-mode',
      'sec-fetch-dest',
      'postern-assertion',
      'accept',
    ].map((name) => [
      name,
      name === 'referer' ? headers[name]?.replace(/\?.*/, '') : headers[name],
    ]),
  );
});
add('preflight', async () => ({
  refused: await outcome(() => textOf(other(cors()), { method: 'PUT' })),
  allowed: await outcome(() =>
    textOf(other(preflighted({ body: 'x' })), { method: 'PUT', headers: { 'x-own': '1' } }),
  ),
}));
add('exposed headers', async () => {
  const { headers, type } = await fetch(
    other(
      cors({
        headers: { 'access-control-expose-headers': 'x-seen', 'x-seen': '1', 'x-hidden': '1' },
      }),
    ),
  );
  return [type, headers.get('x-seen'), headers.get('x-hidden')];
});
add('opaque responses', async () => {
  const response = await fetch(other({ body: 'x', headers: { 'x-own': '1' } }), {
    mode: 'no-cors',
  });
  return [response.type, response.status, [...response.headers].length, await response.text()];
});
add('credentials', async () => {
  const allowing = {
    headers: {
      'access-control-allow-origin': location.origin,
      'access-control-allow-credentials': 'true',
    },
    body: 'x',
  };
  return [
    await outcome(() => textOf(other(allowing), { credentials: 'include' })),
    await outcome(() => textOf(other(cors({ body: 'x' })), { credentials: 'include' })),
  ];
});
add('XMLHttpRequest', async () => {
  const send = (url) =>
    new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', url);
      xhr.onload = () => resolve(['load', xhr.status, xhr.responseText]);
      xhr.onerror = () => resolve(['error', xhr.status]);
      xhr.send();
    });
  return [await send(other(cors({ body: 'x' }))), await send(other({ body: 'x' }))];
});
add('EventSource', async () => {
  const source = new EventSource(
    other(
      cors({ headers: { 'content-type': 'text/event-stream' }, body: 'data: x\n\n', hangs: true }),
    ),
  );
  cleanup(() => source.close());
  const { data, origin } = await event(source, 'message');
  return [data, origin];
});
add('WebSocket', async () => {
  const socket = new WebSocket(OTHER.replace('http', 'ws') + '/ws?a');
  cleanup(() => socket.close());
  return (await event(socket, 'message')).data;
});
add('elements', async () => ({
  image: await loads('img', {
    src: other({
      headers: { 'content-type': 'image/svg+xml' },
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>',
    }),
  }),
  'image with CORS': await loads('img', {
    crossOrigin: '',
    src: other({
      headers: { 'content-type': 'image/svg+xml' },
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>',
    }),
  }),
  script: await loads('script', { src: other(script('self.otherRan = 1')) }),
  ran: self.otherRan,
  module: await loads('script', { type: 'module', src: other(script('')) }),
  style: await loads('link', {
    rel: 'stylesheet',
    href: other({ headers: { 'content-type': 'text/css' } }),
  }),
}));
add('a frame of another origin', async () => {
  const page = other(
    html(
      '<script>parent.postMessage([document.referrer, self.origin, (() => { try { return parent.document.title } catch (e) { return e.name } })()], "*")</script>',
    ),
  );
  return told(page);
});
add('own resources for other origins: CORP, no-cors script errors', async () => ({
  corp: await loads('img', {
    src: other({
      headers: { 'content-type': 'image/svg+xml', 'cross-origin-resource-policy': 'same-origin' },
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>',
    }),
  }),
}));
add('a CORS request to the own origin', async () => {
  const { headers } = await inspect({ mode: 'cors', method: 'PUT', headers: { 'x-own': '1' } });
  return [headers.origin, headers['access-control-request-method']];
});
