// Fetch §4.4 "HTTP-redirect fetch".
const STATUSES = [301, 302, 303, 307, 308];

for (const mode of ['follow', 'manual', 'error'])
  add(`redirect mode ${mode}`, async () => {
    const got = {};
    for (const status of STATUSES)
      got[status] = await outcome(async () => {
        const response = await fetch(serve({ status, headers: { location: '/inspect?to#part' } }), {
          redirect: mode,
          method: 'POST',
          body: 'b',
          headers: { 'content-type': 'x/y', 'x-own': '1' },
        });
        const facts = [response.type, response.status, response.redirected, response.url];
        if (mode !== 'follow') return facts;
        const { method, body, headers } = await response.json();
        return [...facts, method, body, headers['content-type'], headers['x-own']];
      });
    return got;
  });
add('redirects: methods', async () => {
  const got = {};
  for (const status of STATUSES)
    for (const method of ['GET', 'PUT', 'DELETE'])
      got[`${status} ${method}`] = (
        await (await fetch(serve({ status, headers: { location: '/inspect' } }), { method })).json()
      ).method;
  return got;
});
add('redirects: HEAD', async () => {
  const got = {};
  for (const status of STATUSES) {
    const key = uid();
    const to = new URL(serve({ log: key }));
    await fetch(serve({ status, headers: { location: to.pathname + to.search } }), {
      method: 'HEAD',
    });
    got[status] = (await logOf(key, 1)).map(({ method }) => method);
  }
  return got;
});
add('redirects: chains', async () => {
  const chain = (length) => {
    let url = '/inspect?end';
    for (let i = 0; i < length; i++) {
      const next = new URL(`/serve${i}`, location.origin);
      next.searchParams.set(
        'spec',
        JSON.stringify({
          status: 302,
          headers: { location: url.length > 6_000 ? '/inspect?end' : url },
        }),
      );
      url = next.pathname + next.search;
    }
    return url;
  };
  const three = await fetch(chain(3));
  const loop = `/loop?spec=${encodeURIComponent(JSON.stringify({ status: 302, headers: { location: '' } }))}`;
  return [
    three.redirected,
    three.url,
    await outcome(() => fetch(loop).then(({ status }) => status)),
  ];
});
add('redirects: locations', async () => {
  const got = {};
  for (const location of [
    '',
    'inspect',
    '../inspect?x',
    '//[',
    'data:,x',
    'ftp://a.invalid',
    'http://u:p@' + self.location.host + '/inspect',
    '/inspect?ä',
    '/inspect?a b',
    '#only',
  ])
    got[location] = await outcome(async () => {
      const response = await fetch(
        serve(
          { status: 302, headers: { location: encodeURI(location).replaceAll('%25', '%') } },
          '/deep/serve',
        ),
      );
      return [response.status, response.redirected, response.url.replace(/spec=.*/, 'SPEC')];
    });
  got.missing = await outcome(
    async () => (await fetch(serve({ status: 302, body: 'no location' }))).status,
  );
  return got;
});
add('redirects: fragments', async () => {
  const to = async (location) =>
    (await fetch(serve({ status: 302, headers: { location } }) + '#first')).url;
  return [await to('/inspect?x'), await to('/inspect?x#second')];
});
add('redirects: to other origins', async () => {
  const to = (spec, init) =>
    outcome(async () => {
      const response = await fetch(
        serve({ status: 302, headers: { location: other(spec) } }),
        init,
      );
      return [response.type, response.status, response.url.slice(0, 12), await response.text()];
    });
  return {
    refused: await to({ body: 'x' }),
    allowed: await to(cors({ body: 'x' })),
    opaque: await to({ body: 'x' }, { mode: 'no-cors' }),
    same: await to(cors({}), { mode: 'same-origin' }),
  };
});
