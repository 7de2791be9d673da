// RFC 9111 and the cache modes of the Fetch Standard.
for (const cache of ['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'])
  add(`cache mode ${cache}`, async () => {
    const got = {};
    for (const [name, headers] of Object.entries({
      fresh: { 'cache-control': 'max-age=600' },
      stale: { 'cache-control': 'max-age=0', etag: '"x"' },
      never: { 'cache-control': 'no-store' },
      vary: { 'cache-control': 'max-age=600', vary: 'x-own' },
    })) {
      const log = uid();
      const url = serve({
        headers,
        log,
        body: 'COUNT',
        ...(headers.etag && { etag: headers.etag }),
      });
      await textOf(url, { headers: { 'x-own': '1' } });
      const mode = cache === 'only-if-cached' ? { mode: 'same-origin' } : {};
      got[name] = await outcome(async () => {
        const response = await fetch(url, {
          cache,
          ...mode,
          headers: { 'x-own': name === 'vary' ? '2' : '1' },
        });
        const seen = await logOf(log);
        const { headers: sent } = seen.at(-1);
        return [
          response.status,
          await response.text(),
          seen.length,
          seen.length > 1 && [sent['cache-control'], sent.pragma, sent['if-none-match']],
        ];
      });
    }
    return got;
  });
add('cache: what makes it fresh', async () => {
  const past = new Date(Date.now() - 864e5).toUTCString();
  const got = {};
  for (const [name, headers] of Object.entries({
    expires: { 'cache-control': '', expires: new Date(Date.now() + 864e5).toUTCString() },
    heuristic: { 'cache-control': '', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' },
    nothing: { 'cache-control': '' },
    expired: { 'cache-control': '', expires: past },
    private: { 'cache-control': 'private, max-age=600' },
    age: { 'cache-control': 'max-age=60', age: '61' },
    immutable: { 'cache-control': 'max-age=600, immutable' },
    varied: { 'cache-control': 'max-age=600', vary: '*' },
    'no-cache': { 'cache-control': 'no-cache' },
  })) {
    const url = serve({ headers, log: uid(), body: 'COUNT' });
    await textOf(url);
    got[name] = await textOf(url);
  }
  return got;
});
add('cache: what empties it', async () => {
  const got = {};
  // Not PUT: whether engines forget the answer changes from run to run.
  for (const method of ['POST', 'DELETE', 'OPTIONS', 'HEAD']) {
    const url = serve({ headers: { 'cache-control': 'max-age=600' }, log: uid(), body: 'COUNT' });
    await textOf(url);
    await fetch(url, { method });
    got[method] = (await textOf(url)) === '1';
  }
  return got;
});
add('cache: other statuses', async () => {
  const got = {};
  // Not redirects: whether engines ask again for those changes from run to run.
  for (const status of [203, 404, 410, 500]) {
    const log = uid();
    const url = serve({
      status,
      headers: { 'cache-control': 'max-age=600', location: '/inspect' },
      log,
      body: 'COUNT',
    });
    await textOf(url);
    await textOf(url);
    got[status] = (await logOf(log)).length;
  }
  return got;
});
add('cache: parts of a stored response', async () => {
  const log = uid();
  const url = serve({
    headers: { 'cache-control': 'max-age=600', etag: '"p"' },
    ranges: true,
    log,
    body: '0123456789',
  });
  await textOf(url);
  const part = await fetch(url, { headers: { range: 'bytes=2-4' } });
  return [part.status, await part.text()];
});
