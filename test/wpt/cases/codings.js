// RFC 9110 §8.4 and §14: content codings, parts, media that seek.
const TEXT = 'compressible text '.repeat(40);

add('Accept-Encoding', async () => (await inspect()).headers['accept-encoding']);
for (const coding of ['gzip', 'br', 'deflate', 'raw deflate', 'zstd'])
  add(`coding ${coding}`, async () => {
    const name = coding.replace('raw ', '');
    const response = await fetch(
      serve({ codings: [coding], headers: { 'content-encoding': name }, body: TEXT }),
    );
    const { headers } = response;
    return {
      decoded: (await outcome(() => response.text())) === TEXT,
      field: headers.get('content-encoding'),
      length: headers.get('content-length'),
    };
  });
add('two codings', async () => {
  const response = await fetch(
    serve({ codings: ['gzip', 'br'], headers: { 'content-encoding': 'gzip, br' }, body: TEXT }),
  );
  return (await outcome(() => response.text())) === TEXT;
});
add('odd codings', async () => {
  const get = (coding, codings = []) =>
    outcome(
      async () =>
        (await textOf(serve({ codings, headers: { 'content-encoding': coding }, body: TEXT }))) ===
        TEXT,
    );
  return {
    identity: await get('identity'),
    unknown: await get('x-own'),
    upper: await get('GZIP', ['gzip']),
    'x-gzip': await get('x-gzip', ['gzip']),
    empty: await get(''),
  };
});
add('a coding that the body has not', async () => {
  const got = {};
  for (const coding of ['gzip', 'br'])
    got[coding] = await outcome(() =>
      textOf(serve({ headers: { 'content-encoding': coding }, body: TEXT })),
    );
  return got;
});
add('a coded document, script and style', async () => {
  const coded = { codings: ['gzip'] };
  const gz = (spec) => ({
    ...spec,
    ...coded,
    headers: { ...spec.headers, 'content-encoding': 'gzip' },
  });
  const page = gz(
    html(
      `<script src="${serve(gz(script('self.coded = 1')))}"></script><link rel=stylesheet href="${serve(gz({ headers: { 'content-type': 'text/css' }, body: 'p { color: rgb(1, 2, 3) }' }))}"><p>x`,
    ),
  );
  const { contentWindow: w } = await frame(serve(page));
  return [w.coded, w.getComputedStyle(w.document.querySelector('p')).color];
});
add('ranges', async () => {
  const url = serve({ ranges: true, body: '0123456789' });
  const got = {};
  for (const range of [
    'bytes=0-0',
    'bytes=5-',
    'bytes=-3',
    'bytes=20-',
    'bytes=2-100',
    'x=1-2',
    'bytes=0-1,4-5',
  ])
    got[range] = await outcome(async () => {
      const response = await fetch(url, { headers: { range } });
      return [
        response.status,
        response.headers.get('content-range'),
        response.headers.get('accept-ranges'),
        await response.text(),
      ];
    });
  return got;
});
add('If-Range and conditions', async () => {
  const seen = (headers) =>
    inspect({ headers }).then((answer) => Object.keys(headers).map((name) => answer.headers[name]));
  return [
    await seen({ range: 'bytes=0-1', 'if-range': '"a"' }),
    await seen({ 'if-none-match': '"a"' }),
    await seen({ 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' }),
    await seen({ 'if-match': '*' }),
  ];
});
add('a coded part', async () => {
  const response = await fetch(
    serve({
      status: 206,
      codings: ['gzip'],
      headers: { 'content-encoding': 'gzip', 'content-range': 'bytes 0-9/100' },
      body: TEXT,
    }),
  );
  return [response.status, (await outcome(() => response.text())) === TEXT];
});
for (const [name, ranges] of [
  ['with ranges', true],
  ['without ranges', false],
])
  add(`media ${name}`, async () => {
    const audio = element('audio', { preload: 'auto', muted: true });
    const ended = event(audio, 'canplay', 'error');
    audio.src = serve({ ranges, silence: 30, headers: { 'content-type': 'audio/wav' } });
    const first = await within(
      8_000,
      ended.then(({ type }) => type),
    );
    const got = {
      first,
      duration: Math.round(audio.duration),
      seekable: audio.seekable.length > 0 && Math.round(audio.seekable.end(0)),
    };
    audio.currentTime = 20;
    got.sought = await within(
      8_000,
      event(audio, 'seeked', 'error').then(({ type }) => type),
    );
    got.at = Math.round(audio.currentTime);
    return got;
  });
add('media: what the server is asked for', async () => {
  const log = uid();
  const audio = element('audio', { preload: 'auto', muted: true });
  audio.src = serve({ ranges: true, silence: 3, log, headers: { 'content-type': 'audio/wav' } });
  await within(8_000, event(audio, 'canplaythrough', 'error'));
  const [{ headers }] = await logOf(log, 1);
  return {
    range: headers.range,
    dest: headers['sec-fetch-dest'],
    mode: headers['sec-fetch-mode'],
    encoding: headers['accept-encoding'],
  };
});
add('images that end early or are none', async () => ({
  none: await loads('img', { src: serve({ body: 'no image' }) }),
  broken: await loads('img', {
    src: serve({
      headers: { 'content-type': 'image/png', 'content-length': '999' },
      body: 'x',
      breaks: true,
    }),
  }),
  missing: await loads('img', {
    src: serve({
      status: 404,
      headers: { 'content-type': 'image/svg+xml' },
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>',
    }),
  }),
  svg: await loads('img', {
    src: serve({
      headers: { 'content-type': 'image/svg+xml' },
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>',
    }),
  }),
}));
