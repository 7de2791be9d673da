// The Cookie Store API.
const name = () => `cs-${uid()}`;
const gone = (n) => cleanup(() => cookieStore.delete(n));

add('set, get, getAll, delete', async () => {
  const n = name();
  gone(n);
  await cookieStore.set(n, 'v');
  const got = [
    await cookieStore.get(n),
    (await cookieStore.getAll(n)).length,
    document.cookie.includes(`${n}=v`),
  ];
  await cookieStore.delete(n);
  return [...got, await cookieStore.get(n), document.cookie.includes(n)];
});
add('what the server gets', async () => {
  const n = name();
  gone(n);
  await cookieStore.set(n, 'v');
  return new RegExp(`${n}=v`).test((await inspect()).headers.cookie);
});
add('the fields of a cookie', async () => {
  const n = name();
  gone(n);
  await cookieStore.set({
    name: n,
    value: 'a',
    path: '/',
    sameSite: 'lax',
    expires: Date.now() + 864e5,
  });
  const cookie = await cookieStore.get(n);
  return Object.fromEntries(
    Object.entries(cookie).map(([key, value]) => [key, key === 'expires' ? typeof value : value]),
  );
});
add('refusals', async () => {
  const got = {};
  for (const [key, given] of Object.entries({
    semicolon: { name: 'a;b', value: '' },
    value: { name: 'a', value: 'b;c' },
    both: { name: '', value: '' },
    nameless: { name: '', value: 'a=b' },
    domain: { name: 'a', value: 'b', domain: '.a.invalid' },
    foreign: { name: 'a', value: 'b', domain: 'a.invalid' },
    path: { name: 'a', value: 'b', path: 'relative' },
    long: { name: 'a', value: 'x'.repeat(4_096) },
    host: { name: '__Host-a', value: 'b', path: '/deep/' },
    control: { name: 'a\u0001', value: 'b' },
    equals: { name: 'a=b', value: 'c' },
    http: { name: '__Http-a', value: 'b' },
  }))
    got[key] = await outcome(() => cookieStore.set(given).then(() => 'set'));
  got.nothing = await outcome(() => cookieStore.set());
  got.get = await outcome(() => cookieStore.get());
  got.empty = await outcome(() => cookieStore.get({}));
  got.url = await outcome(() => cookieStore.get({ url: '/elsewhere' }));
  got.own = await outcome(() => cookieStore.get({ url: location.href, name: 'no-such' }));
  return got;
});
add('changes', async () => {
  // Events of the cases before may still be under way.
  await wait(500);
  const n = name();
  const log = [];
  const listen = ({ changed, deleted }) =>
    log.push(
      ...changed.map((c) => ['changed', c.name, c.value]),
      ...deleted.map((c) => ['deleted', c.name, c.value ?? null]),
    );
  cookieStore.addEventListener('change', listen);
  cleanup(() => cookieStore.removeEventListener('change', listen));
  // Script cannot see it, and so not delete it either.
  cleanup(() =>
    fetch(serve({ headers: { 'set-cookie': [`${n}h=; Path=/; HttpOnly; Max-Age=0`] } })),
  );
  await cookieStore.set(n, '1');
  await wait(100);
  document.cookie = `${n}=2; path=/`;
  await wait(100);
  await fetch(
    serve({
      headers: { 'set-cookie': [`${n}=3; Path=/`, `${n}h=1; Path=/; HttpOnly; Max-Age=5`] },
    }),
  );
  await wait(100);
  await cookieStore.delete(n);
  await wait(100);
  return log;
});
add('the interface', () => [
  typeof CookieStore,
  String(cookieStore),
  cookieStore instanceof EventTarget,
  cookieStore.get.length,
  cookieStore.set.length,
  typeof cookieStore.onchange,
  outcomeOf(() => new CookieStore()),
]);
function outcomeOf(run) {
  try {
    return typeof run();
  } catch (e) {
    return e.name;
  }
}
