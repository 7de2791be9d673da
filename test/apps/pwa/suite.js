// What pages may expect of their service worker. The same code runs straight at the application and
// through the gateway: each case returns what it saw, and the two must be equal.
const { serviceWorker } = navigator;
const until = (target, name) =>
  new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
const pathOf = (url) => url && new URL(url).pathname + new URL(url).search;
const why = (promise) =>
  promise.then(
    () => 'fine',
    (error) => [error.name, error instanceof DOMException],
  );
const show = (registration) =>
  registration && {
    scope: pathOf(registration.scope),
    installing: registration.installing?.state ?? null,
    waiting: registration.waiting?.state ?? null,
    active: registration.active?.state ?? null,
  };
const ask = (worker, message) =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage(message, [port2]);
  });
const activated = async (worker) => {
  while (worker.state !== 'activated') {
    if (worker.state === 'redundant') throw new Error('redundant');
    await until(worker, 'statechange');
  }
};
const read = async (input, init) => {
  const response = await fetch(input, init);
  const { status, statusText, type } = response;
  const text = await response.text();
  return [
    status,
    // HTTP/2 has none for the usual ones.
    statusText === 'OK' ? '' : statusText,
    type,
    response.headers.get('x-made') ?? response.headers.get('x-app'),
    text.length > 2_000 ? text.length : text,
  ];
};
const frame = async (path) => {
  const element = document.createElement('iframe');
  element.src = path;
  const loaded = until(element, 'load');
  document.body.append(element);
  await loaded;
  return element;
};
const clear = async () => {
  for (const one of await serviceWorker.getRegistrations()) await one.unregister();
  for (const name of await caches.keys()) await caches.delete(name);
  await fetch('/server/version?is=1');
};
/** Registers, waits, and opens a page under it in a frame: what the cases about requests are about. */
const controlled = async (script = '/life/sw.js?claim', scope = '/life/') => {
  const registration = await serviceWorker.register(script, { scope });
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  await activated(worker);
  const element = await frame('/life/page');
  return { registration, worker, element, page: element.contentWindow };
};

const cases = {
  'what there is before': async () => [
    serviceWorker.controller,
    (await serviceWorker.getRegistrations()).length,
    await serviceWorker.getRegistration(),
    'oncontrollerchange' in serviceWorker,
    await caches.keys(),
    serviceWorker instanceof ServiceWorkerContainer,
  ],
  'life of a first worker': async () => {
    const log = [];
    const registration = await serviceWorker.register('/life/sw.js', { scope: '/life/' });
    log.push(
      show(registration),
      registration.installing?.scriptURL && pathOf(registration.installing.scriptURL),
    );
    const worker = registration.installing;
    registration.addEventListener('updatefound', () =>
      log.push('updatefound ' + (registration.installing === worker)),
    );
    worker.onstatechange = () => log.push(worker.state);
    await activated(worker);
    log.push(show(registration), registration.active === worker);
    log.push(
      registration.updateViaCache,
      registration instanceof ServiceWorkerRegistration,
      worker instanceof ServiceWorker,
    );
    log.push(String(registration), String(worker), serviceWorker.controller);
    log.push(
      (await serviceWorker.getRegistration('/life/x')) === registration,
      (await serviceWorker.getRegistrations()).length,
    );
    log.push(await serviceWorker.getRegistration('/else'));
    const again = await serviceWorker.register('/life/sw.js', { scope: '/life/' });
    log.push(again === registration, again.installing);
    return [...log, await ask(worker, { ask: 'seen' })];
  },
  'wrong registrations': async () => [
    await why(serviceWorker.register()),
    await why(serviceWorker.register('/missing.js')),
    await why(serviceWorker.register('/page.html')),
    await why(serviceWorker.register('https://other.example/sw.js')),
    await why(serviceWorker.register('/life/sw.js', { scope: '/' })),
    await why(serviceWorker.register('/life/sw.js', { scope: 'https://other.example/' })),
    await why(serviceWorker.register('/life%2fsw.js')),
    await why(serviceWorker.register('/server/redirect?to=/life/sw.js')),
    await why(serviceWorker.register('/life/sw.js?throws', { scope: '/life/' })),
    await why(serviceWorker.register('/life/broken.js', { scope: '/life/' })),
    await why(serviceWorker.getRegistration('https://other.example/')),
    (await serviceWorker.getRegistrations()).length,
  ],
  'a worker that fails to install': async () => {
    const registration = await serviceWorker.register('/life/sw.js?fails', { scope: '/life/' });
    const worker = registration.installing;
    while (worker.state !== 'redundant') await until(worker, 'statechange');
    return [show(registration), worker.state, (await serviceWorker.getRegistrations()).length];
  },
  'Service-Worker-Allowed': async () => {
    const registration = await serviceWorker.register('/life/allowed/sw.js', { scope: '/life/' });
    const seen = show(registration).scope;
    await activated(registration.installing);
    return [seen, await (await fetch('/server/script-headers')).json()];
  },
  'longest scope': async () => {
    const outer = await controlled();
    const inner = await serviceWorker.register('/life/sw.js?inner', { scope: '/life/inner/' });
    await activated(inner.installing);
    const element = await frame('/life/inner/page');
    return [
      (await serviceWorker.getRegistrations()).length,
      pathOf((await serviceWorker.getRegistration('/life/inner/x')).scope),
      pathOf((await serviceWorker.getRegistration('/life/x')).scope),
      pathOf(element.contentWindow.navigator.serviceWorker.controller.scriptURL),
      pathOf(outer.page.navigator.serviceWorker.controller.scriptURL),
    ];
  },
  messages: async () => {
    const { worker, element, page } = await controlled();
    const heard = until(serviceWorker, 'message');
    serviceWorker.startMessages();
    worker.postMessage({ ask: 'source' });
    const event = await heard;
    const inFrame = until(page.navigator.serviceWorker, 'message');
    await ask(worker, { ask: 'broadcast', value: [1, new Date(0), new Map([[1, 2]])] });
    const { data, source } = await inFrame;
    return [
      event.data,
      event.source === worker,
      event.origin === location.origin,
      event instanceof MessageEvent,
      [data.broadcast[0], data.broadcast[1].getTime(), data.broadcast[2].get(1)],
      source === page.navigator.serviceWorker.controller,
      await ask(worker, { ask: 'clients', all: false }),
      await ask(worker, { ask: 'clients', all: true }),
      element.contentWindow.navigator.serviceWorker.controller.state,
      await why((async () => worker.postMessage(() => 0))()),
    ];
  },
  claim: async () => {
    const element = await frame('/life/page');
    const { serviceWorker: container } = element.contentWindow.navigator;
    const changed = until(container, 'controllerchange');
    const before = container.controller;
    const registration = await serviceWorker.register('/life/sw.js?claim', { scope: '/life/' });
    await changed;
    const ready = await container.ready;
    return [
      before,
      pathOf(container.controller.scriptURL),
      pathOf(ready.scope),
      registration.active !== null,
    ];
  },
  requests: async () => {
    const { page } = await controlled();
    const go = (path, init) => page.read(path, init);
    const results = {};
    for (const path of [
      'cached.txt',
      'facts',
      'status',
      'empty',
      'stream',
      'large',
      'redirected',
      'kept',
    ])
      results[path] = await go('/life/' + path);
    for (const path of ['error', 'rejected', 'nonsense'])
      results[path] = await why(go('/life/' + path));
    results.custom = await go('/life/facts?x', {
      method: 'PUT',
      body: 'b',
      headers: { 'x-custom': 'c' },
      cache: 'no-store',
      credentials: 'omit',
    });
    results.unhandled = await go('/server/echo-plain', { method: 'POST', body: 'to the server' });
    return results;
  },
  'requests that the worker passes on': async () => {
    const { page } = await controlled();
    const results = {};
    for (const by of ['itself', 'clone', 'copy', 'init', 'body', 'look', 'kept', 'text'])
      for (const [what, init] of [
        ['GET', { headers: { 'x-custom': 'own' } }],
        [
          'POST',
          {
            method: 'POST',
            body: 'body by ' + by,
            headers: { 'content-type': 'text/x-own', 'x-custom': 'own' },
          },
        ],
      ])
        results[what + ' ' + by] = await page.read('/server/echo?by=' + by, init);
    results.form = await page.read('/server/echo?by=itself', {
      method: 'POST',
      body: new URLSearchParams({ a: 'ä' }),
    });
    results.kept = await page.read('/life/kept');
    results.followed = await page.read('/life/followed');
    return results;
  },
  cookies: async () => {
    document.cookie = 'own=1; path=/server/';
    const { worker, page } = await controlled();
    const of = async (response) => JSON.parse(response.at(-1)).cookie;
    const results = [];
    for (const credentials of ['omit', 'same-origin', 'include'])
      results.push(
        await of(await page.read('/server/echo?by=itself', { credentials })),
        await of(await page.read('/server/echo-plain', { credentials })),
        await of(await ask(worker, { ask: 'fetch', url: '/server/echo', init: { credentials } })),
      );
    document.cookie = 'own=1; path=/server/; max-age=0';
    return results;
  },
  'large bodies that the worker passes on': async () => {
    const { page } = await controlled();
    const big = new Uint8Array(2_000_000).fill(65);
    return [
      await page.read('/server/length?by=itself', { method: 'POST', body: big }),
      await page.read('/server/echo?by=itself&bytes=3000000'),
      await page.read('/server/echo?by=kept&bytes=3000000'),
    ];
  },
  documents: async () => {
    await controlled();
    const made = await frame('/life/frame');
    const navigated = await frame('/life/navigated?x=1');
    const redirected = await frame('/server/redirect?to=/life/frame');
    const cookie = (element) => element.contentDocument.cookie;
    return [
      made.contentDocument.getElementById('made').textContent,
      made.contentDocument.title,
      made.contentDocument.scripts.length,
      pathOf(made.contentWindow.navigator.serviceWorker.controller.scriptURL),
      navigated.contentDocument.body.textContent,
      pathOf(redirected.contentWindow.location.href),
      typeof cookie(made),
    ];
  },
  'an image and a script': async () => {
    const { page } = await controlled();
    const script = page.document.createElement('script');
    script.src = '/life/script.js';
    const loaded = until(script, 'load');
    page.document.body.append(script);
    await loaded;
    return [page.loadedByScript];
  },
  'navigation preload': async () => {
    const { registration } = await controlled();
    const before = await registration.navigationPreload.getState();
    await registration.navigationPreload.enable();
    await registration.navigationPreload.setHeaderValue('value');
    const element = await frame('/life/preloaded');
    const text = element.contentDocument.body.textContent;
    await registration.navigationPreload.disable();
    const without = await frame('/life/preloaded');
    return [before, text, without.contentDocument.body.textContent];
  },
  'an update': async () => {
    const { registration, worker, page } = await controlled();
    const log = [];
    const { serviceWorker: container } = page.navigator;
    container.oncontrollerchange = () => log.push('controllerchange');
    await registration.update();
    log.push(show(registration));
    await fetch('/server/version?is=2');
    const found = until(registration, 'updatefound');
    await registration.update();
    await found;
    const next = registration.installing;
    while (next.state === 'installing') await until(next, 'statechange');
    log.push(show(registration), worker.state);
    log.push((await ask(container.controller, { ask: 'seen' })).version);
    const changed = until(container, 'controllerchange');
    next.postMessage({ ask: 'skip' });
    await changed;
    await activated(next);
    log.push(show(registration), worker.state, container.controller.state);
    log.push((await ask(container.controller, { ask: 'seen' })).version);
    return log;
  },
  'an update of what is imported': async () => {
    const { registration } = await controlled('/life/sw.js?skip&claim');
    await fetch('/server/version?is=1&imported=new');
    const found = until(registration, 'updatefound');
    await registration.update();
    await found;
    const next = registration.installing ?? registration.waiting ?? registration.active;
    await activated(next);
    return (await ask(next, { ask: 'seen' })).seen.imported;
  },
  'scripts that are imported': async () => {
    const { worker } = await controlled();
    return [await ask(worker, { ask: 'late' }), await ask(worker, { ask: 'again' })];
  },
  'a module worker': async () => {
    const registration = await serviceWorker.register('/life/module.js', {
      scope: '/life/',
      type: 'module',
    });
    await activated(registration.installing);
    const element = await frame('/life/page');
    return element.contentWindow.read('/life/by-module');
  },
  'fetch of the worker itself': async () => {
    const { worker } = await controlled();
    return [
      await ask(worker, { ask: 'fetch', url: '/server/echo' }),
      await ask(worker, { ask: 'fetch', url: '/server/redirect?to=/server/echo' }),
      await ask(worker, {
        ask: 'fetch',
        url: '/server/redirect?to=/server/echo',
        init: { redirect: 'manual' },
      }),
      await ask(worker, { ask: 'caches' }),
      await caches.keys(),
    ];
  },
  'what only a click may do': async () => {
    const { worker } = await controlled();
    return [await ask(worker, { ask: 'open' })];
  },
  unregister: async () => {
    const { registration, page, element } = await controlled();
    const first = await registration.unregister();
    const listed = (await serviceWorker.getRegistrations()).length;
    const still = await page.read('/life/status');
    element.remove();
    const second = await registration.unregister();
    const element2 = await frame('/life/page');
    return [
      first,
      listed,
      still[0],
      second,
      element2.contentWindow.navigator.serviceWorker.controller,
    ];
  },
};

window.read = read;
window.runCase = async (name) => {
  await clear();
  try {
    const late = new Promise((resolve) => setTimeout(resolve, 25_000, 'took too long'));
    return await Promise.race([cases[name](), late]);
  } catch (error) {
    return `failed: ${error.name}: ${error.message}`;
  } finally {
    for (const element of document.querySelectorAll('iframe')) element.remove();
  }
};
window.caseNames = Object.keys(cases);
