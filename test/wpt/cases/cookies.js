// RFC 6265bis: what is stored, what is sent where, what script sees.
/** Each case has a folder of its own, so cookies of others stay out of sight. */
const place = () => `/c/${uid()}`;
const set = async (fields, path, init) => {
  await fetch(serve({ headers: { 'set-cookie': fields } }, path), init);
};
const sent = async (path, init) => (
  await (await fetch(serve({ log: path }, path), init)).text(),
  (await logOf(path, 1)).at(-1).headers.cookie ?? ''
);
/** What script of a document at a path sees. */
const seen = async (path) => (await frame(serve(html('<p>'), `${path}`))).contentDocument.cookie;
/** Sets, and tells what is sent and seen below the folder. */
const kept = async (...fields) => {
  const at = place();
  const own = fields.map((field) => field.replaceAll('AT', at));
  await set(own, `${at}/set`);
  const got = { sent: await sent(`${at}/set`), seen: await seen(`${at}/set`) };
  await set(
    own.map(
      (field) =>
        `${field.split(';')[0].split('=')[0].trim()}=; Path=/; Secure; HttpOnly; Max-Age=0`,
    ),
    `${at}/set`,
  );
  return [got.sent, got.seen];
};
const table = async (entries) => {
  const got = {};
  for (const field of entries) got[JSON.stringify(field)] = await outcome(() => kept(field));
  return got;
};

add('names and values', () =>
  table([
    'a=b',
    'a=',
    '=b',
    'b',
    'a=b=c',
    ' a = b ',
    'a="b c"',
    'a=b,c',
    'a=ä',
    'a=b c',
    '',
    '=',
    ';',
    'a\tb=c',
    'a=b\tc',
    'A=1',
    'a=%20;',
    'a=b;;;',
    'a=b; ;x',
    '$a=1',
    '__proto__=1',
    "a='b'",
    'a={"b":1}',
  ]),
);
add('attributes that nobody knows, odd case and spaces', () =>
  table([
    'a=b; own',
    'a=b; own=1',
    'a=b;PATH=AT',
    'a=b ; path = AT ',
    'a=b; HTTPONLY',
    'a=b; httponly=false',
    'a=b; Path',
    'a=b; Path=x; Path=AT',
  ]),
);
add('expiry', () => {
  const at = (ms) => new Date(Date.now() + ms).toUTCString();
  const entries = {
    future: `a=b; Expires=${at(864e5)}`,
    past: `a=b; Expires=${at(-864e5)}`,
    'Max-Age': 'a=b; Max-Age=100',
    zero: 'a=b; Max-Age=0',
    negative: 'a=b; Max-Age=-1',
    words: 'a=b; Max-Age=x',
    both: `a=b; Max-Age=100; Expires=${at(-864e5)}`,
    bothEnds: `a=b; Max-Age=0; Expires=${at(864e5)}`,
    huge: 'a=b; Max-Age=99999999999',
    garbage: 'a=b; Expires=nonsense',
    empty: 'a=b; Expires=',
    year2: 'a=b; Expires=Wed, 01 Jan 98 00:00:00 GMT',
    year70: 'a=b; Expires=Wed, 01-Jan-69 00:00:00 GMT',
    dashes: 'a=b; Expires=Fri, 01-Jan-2100 00:00:00 GMT',
    asctime: 'a=b; Expires=Fri Jan  1 00:00:00 2100',
    plus: 'a=b; Max-Age=+5',
    float: 'a=b; Max-Age=1.5',
  };
  return (async () => {
    const got = {};
    for (const [name, field] of Object.entries(entries)) got[name] = await kept(field);
    return got;
  })();
});
add('expires by itself', async () => {
  const at = place();
  await set('a=b; Max-Age=1', `${at}/x`);
  const before = await sent(`${at}/y`);
  await wait(1_600);
  return [before, await sent(`${at}/z`), await seen(`${at}/w`)];
});
add('paths', async () => {
  const got = {};
  for (const path of [
    '',
    '/',
    'AT',
    'AT/',
    'AT/deep',
    'AT/deep/',
    'relative',
    'AT/de',
    'AT/deep/set',
    '/elsewhere',
    '"AT"',
    'AT/%64eep',
    'AT?x',
  ]) {
    const at = place();
    await set(`p=1; Path=${path.replaceAll('AT', at)}`, `${at}/deep/set`);
    got[path] = [];
    for (const to of ['/', '/deep', '/deep/', '/deep/set', '/deeper', '/deep/set/more'])
      got[path].push(await sent(at + to));
    await set('p=; Path=/; Max-Age=0', at);
  }
  return got;
});
add('order', async () => {
  const at = place();
  await set(
    [
      `one=1; Path=${at}`,
      `two=2; Path=${at}/a`,
      `three=3; Path=${at}/a/b`,
      `four=4; Path=${at}`,
      `five=5; Path=${at}/a`,
    ],
    `${at}/a/b/c`,
  );
  const first = [await sent(`${at}/a/b/c`), await seen(`${at}/a/b/d`)];
  await set([`one=again; Path=${at}`], `${at}/a/b/c`);
  return [...first, await sent(`${at}/a/b/e`)];
});
add('same name: path, case, overwriting', async () => {
  const at = place();
  await set([`a=root; Path=${at}`, `a=deep; Path=${at}/d`, `A=upper; Path=${at}`], `${at}/d/x`);
  const first = await sent(`${at}/d/x`);
  await set([`a=new; Path=${at}/d`, `a=; Path=${at}; Max-Age=0`], `${at}/d/y`);
  return [first, await sent(`${at}/d/z`)];
});
add('Domain', async () => {
  const { hostname } = location;
  const got = {};
  for (const domain of [
    hostname,
    `.${hostname}`,
    'localhost',
    '.localhost',
    'a.invalid',
    `x.${hostname}`,
    '',
    hostname.toUpperCase(),
    '.',
    `${hostname}.`,
    '127.0.0.1',
  ])
    got[domain.toLowerCase().replace(hostname, 'OWN')] = await kept(
      `d=1; Path=AT; Domain=${domain}`,
    );
  return got;
});
add('Secure on a trustworthy http origin', () => table(['s=1; Path=AT; Secure']));
add('prefixes', () =>
  table([
    '__Host-a=1; Path=/; Secure',
    '__Host-b=1; Path=AT; Secure',
    '__Host-c=1; Path=/',
    '__Host-d=1; Path=/; Secure; Domain=localhost',
    '__Secure-a=1; Path=AT; Secure',
    '__Secure-b=1; Path=AT',
    '__host-e=1; Path=AT',
    '__Http-a=1; Path=/; Secure; HttpOnly',
    '__Http-b=1; Path=/; Secure',
    '__Host-Http-a=1; Path=/; Secure; HttpOnly',
    '=__Host-x; Path=AT',
    '__Secure-; Path=AT',
  ]),
);
add('HttpOnly', async () => {
  const at = place();
  await set([`h=1; Path=${at}; HttpOnly`, `v=1; Path=${at}`], `${at}/x`);
  const f = await frame(serve(html('<p>'), `${at}/y`));
  const got = [f.contentDocument.cookie, await sent(`${at}/x`)];
  f.contentDocument.cookie = `h=script; Path=${at}`;
  f.contentDocument.cookie = `v=; Path=${at}; Max-Age=0`;
  await wait(100);
  got.push(f.contentDocument.cookie, await sent(`${at}/z`));
  f.contentDocument.cookie = `o=1; Path=${at}; HttpOnly`;
  got.push(f.contentDocument.cookie);
  return got;
});
add('SameSite', async () => {
  const at = place();
  await set(
    [
      'none=1; SameSite=None; Secure',
      'none-insecure=1; SameSite=None',
      'lax=1; SameSite=Lax',
      'strict=1; SameSite=Strict',
      'unset=1',
      'odd=1; SameSite=Odd',
      'empty=1; SameSite',
    ].map((field) => `${field}; Path=${at}`),
    `${at}/x`,
  );
  const got = { own: await sent(`${at}/y`), seen: await seen(`${at}/z`) };
  // A page of another site asks for it.
  const key = `${at}/foreign`;
  await loads('iframe', {
    src: other(
      html(
        `<img src="${serve({ log: key }, key)}"><script>fetch("${serve({ log: key }, key)}", { mode: 'no-cors', credentials: 'include' })</script>`,
      ),
    ),
  });
  got.foreign = (await logOf(key, 2)).map(({ headers }) => headers.cookie ?? '');
  const link = `${at}/link`;
  popup(
    other(html(`<script>location = ${JSON.stringify(serve({ log: link }, link))}</script>`)),
    'noopener',
  );
  got.navigation = (await logOf(link, 1)).map(({ headers }) => headers.cookie ?? '');
  const post = `${at}/post`;
  popup(
    other(
      html(
        `<form method=post action="${serve({ log: post }, post).replaceAll('"', '&quot;')}"></form><script>document.forms[0].submit()</script>`,
      ),
    ),
    'noopener',
  );
  got.post = (await logOf(post, 1)).map(({ headers }) => headers.cookie ?? '');
  return got;
});
add('Partitioned and Priority', () =>
  table([
    'p=1; Path=AT; Secure; SameSite=None; Partitioned',
    'p=1; Path=AT; Partitioned',
    'q=1; Path=AT; Priority=High',
  ]),
);
add('sizes', async () => {
  const got = {};
  for (const [name, field] of Object.entries({
    4096: `s=${'x'.repeat(4_095)}`,
    4097: `s=${'x'.repeat(4_096)}`,
    name: `${'n'.repeat(4_096)}=`,
    'attribute of 1024': `a=b; Path=/${'p'.repeat(1_023)}`,
    'attribute of 1025': `a=b; Path=/${'p'.repeat(1_024)}`,
  }))
    got[name] = (await kept(field)).map((text) => text.length);
  return got;
});
add('very many', async () => {
  const at = place();
  const all = Array.from({ length: 60 }, (_, i) => `many${i}=1; Path=${at}`);
  await set(all.slice(0, 30), `${at}/x`);
  await set(all.slice(30), `${at}/x`);
  const count = (await sent(`${at}/y`)).split('; ').length;
  await set(
    all.map((field) => `${field}; Max-Age=0`),
    `${at}/x`,
  );
  return [count, await sent(`${at}/z`)];
});
add('eviction above the limit of a site', async () => {
  const at = place();
  for (let batch = 0; batch < 10; batch++)
    await set(
      Array.from({ length: 30 }, (_, i) => `evict${batch * 30 + i}=1; Path=${at}`),
      `${at}/x`,
    );
  const names = (await sent(`${at}/y`)).split('; ').map((pair) => pair.split('=')[0]);
  for (let batch = 0; batch < 10; batch++)
    await set(
      Array.from({ length: 30 }, (_, i) => `evict${batch * 30 + i}=; Path=${at}; Max-Age=0`),
      `${at}/x`,
    );
  return { count: names.length, first: names[0], last: names.at(-1) };
});
add('script writes', async () => {
  const at = place();
  const f = await frame(serve(html('<p>'), `${at}/doc`));
  const d = f.contentDocument;
  const got = {};
  for (const text of [
    'a=b',
    'a=',
    '=b',
    'b',
    'a=b; Max-Age=0',
    'c=1; Path=/elsewhere',
    `d=1; Path=${at}`,
    'e=1; Domain=a.invalid',
    'f=1; Secure',
    '__Host-f=1',
    '__Secure-g=1; Secure',
    'h=1; HttpOnly',
    'i=ä',
    'j=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'k="q"',
    'l=a=b',
    'm=1; SameSite=None',
    'n=1; SameSite=Strict',
    '',
    ';',
    'o=\u0000x',
    'p=1\u0007',
    'q=1\nr=2',
    's=x; path=relative',
  ]) {
    d.cookie = text;
    got[JSON.stringify(text).replace(at, 'AT')] = [d.cookie, await sent(`${at}/sent`)];
    for (const pair of d.cookie.split('; '))
      ((d.cookie = `${pair.split('=')[0]}=; Max-Age=0`),
        (d.cookie = `${pair.split('=')[0]}=; Path=${at}; Max-Age=0`));
    d.cookie = '=x; Max-Age=0';
    await set(`${text.split('=')[0].trim()}=; Max-Age=0`, `${at}/doc`);
  }
  return got;
});
add('script and server in step at once', async () => {
  const at = place();
  const f = await frame(serve(html('<p>'), `${at}/doc`));
  const d = f.contentDocument;
  const got = [];
  for (let i = 0; i < 5; i++) {
    d.cookie = `n=${i}`;
    got.push(await sent(`${at}/x`));
    await set(`n=s${i}`, `${at}/x`);
    got.push(d.cookie);
  }
  return got;
});
add('a document sees cookies of its own answer', async () => {
  const at = place();
  const f = await frame(
    serve(
      html('<script>window.first = document.cookie</script>', {
        headers: { 'set-cookie': ['own=1', 'hidden=1; HttpOnly'] },
      }),
      `${at}/doc`,
    ),
  );
  return [f.contentWindow.first, await sent(`${at}/x`)];
});
add('redirects set and send', async () => {
  const at = place();
  const to = new URL(serve({ log: `${at}/to` }, `${at}/to`));
  await fetch(
    serve(
      { status: 302, headers: { 'set-cookie': 'r=1', location: to.pathname + to.search } },
      `${at}/from`,
    ),
  );
  return (await logOf(`${at}/to`, 1))[0].headers.cookie ?? '';
});
add('images, scripts, frames, failures set them', async () => {
  const at = place();
  const cookie = (name, spec = {}) =>
    serve(
      { ...spec, headers: { ...spec.headers, 'set-cookie': `${name}=1; Path=${at}` } },
      `${at}/x`,
    );
  await loads('img', { src: cookie('image') });
  await loads('script', { src: cookie('script') });
  await frame(cookie('frame', html('')));
  for (const status of [204, 304, 404, 500, 401]) await fetch(cookie(`s${status}`, { status }));
  await outcome(() =>
    textOf(cookie('broken', { body: 'x', breaks: true, headers: { 'content-length': '9' } })),
  );
  return (await sent(`${at}/y`)).split('; ').sort();
});
add('several fields, commas, and one field twice', async () => {
  const at = place();
  await set([`a=1, b=2; Path=${at}`, `c=1; Path=${at}`, `c=2; Path=${at}`], `${at}/x`);
  return sent(`${at}/y`);
});
add('paths with escapes and cases', async () => {
  const at = place();
  await set(`u=1; Path=${at}/Ä`, `${at}/x`);
  await set(`e=1; Path=${at}/%C3%84`, `${at}/x`);
  await set(`c=1; Path=${at}/Case`, `${at}/x`);
  return [await sent(`${at}/%C3%84/y`), await sent(`${at}/case/y`), await sent(`${at}/Case/y`)];
});
add('Clear-Site-Data', async () => {
  const at = place();
  await set(`c=1; Path=${at}`, `${at}/x`);
  await fetch(serve({ headers: { 'clear-site-data': '"cookies"' } }, `${at}/x`));
  return sent(`${at}/y`);
});
add('navigator.cookieEnabled, about:blank, workers', async () => [
  navigator.cookieEnabled,
  (await frame('about:blank')).contentDocument.cookie === document.cookie,
]);
