// The small harness of the cases, in the manner of testharness.js. A case asserts nothing: it returns what it
// saw, and the same case straight at the server and through the gateway must see the same. Of a plain
// object each property is compared for itself.
const cases = new Map();
let cleanups = [];
const TIMEOUT_MS = 15_000;

const add = (name, run) => {
  if (cases.has(name)) throw new Error(`two cases are called ${name}`);
  cases.set(name, run);
};
/** A word that no other case and no other run has; `UID` in results. */
const uid = () =>
  `u${[...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
const cleanup = (run) => void cleanups.push(run);

const withSpec = (origin, spec, path) => {
  const url = new URL(path, origin);
  url.searchParams.set('spec', JSON.stringify(spec));
  return url.href;
};
/** URL that the server answers by `spec` (origin-server.ts). */
const serve = (spec = {}, path = '/serve') => withSpec(location.origin, spec, path);
/** The same at a server of another origin that has no gateway before it. */
const OTHER = `http://other.localhost:${new URLSearchParams(location.search).get('other')}`;
const other = (spec = {}, path = '/serve') => withSpec(OTHER, spec, path);
const html = (body, spec = {}) => ({
  ...spec,
  headers: { 'content-type': 'text/html; charset=utf-8', ...spec.headers },
  body,
});
const script = (body, spec = {}) => ({
  ...spec,
  headers: { 'content-type': 'text/javascript; charset=utf-8', ...spec.headers },
  body,
});
const cors = (spec = {}) => ({
  ...spec,
  headers: { 'access-control-allow-origin': '*', ...spec.headers },
});
const textOf = async (url, init) => (await fetch(url, init)).text();
/** What arrives at the server. */
const inspect = async (init, path = '/inspect') => (await fetch(path, init)).json();
/** Requests that the server remembers under a key; waits until there are so many. */
const logOf = async (key, count = 0) =>
  (await fetch(`/log?key=${encodeURIComponent(key)}&count=${count}`)).json();
/** The result of a promise or function, or the name of its error. */
const outcome = async (run) => {
  try {
    return await (typeof run === 'function' ? run() : run);
  } catch (error) {
    return `throws ${error?.name ?? error}`;
  }
};
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const event = (target, ...names) =>
  new Promise((resolve) => {
    for (const name of names) target.addEventListener(name, resolve, { once: true });
  });
/** Result, or `late` after so long. */
const within = (ms, promise, late = 'nothing') =>
  Promise.race([promise, wait(ms).then(() => late)]);
/** A frame that is loaded, gone with the case. */
const frame = async (attributes, where = document.documentElement) => {
  const element = document.createElement('iframe');
  const given = typeof attributes === 'string' ? { src: attributes } : attributes;
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
  const loaded = event(element, 'load');
  where.append(element);
  cleanup(() => element.remove());
  await within(8_000, loaded);
  return element;
};
/** What a document tells by `parent.postMessage` or `opener.postMessage`. */
const message = (ms = 5_000) =>
  within(
    ms,
    event(self, 'message').then(({ data }) => data),
  );
/** The first message of a document in a frame. */
const told = async (attributes, ms) => {
  const heard = message(ms);
  await frame(attributes);
  return heard;
};
const popup = (url, ...rest) => {
  const opened = open(url, '_blank', ...rest);
  cleanup(() => opened?.close());
  return opened;
};
const look = async (of, ms = 5_000) => {
  for (const end = Date.now() + ms; Date.now() < end; await wait(20)) {
    const seen = await outcome(of);
    if (seen && !String(seen).startsWith('throws ')) return seen;
  }
  return 'never';
};
const element = (name, attributes) => {
  const made = Object.assign(document.createElement(name), attributes);
  cleanup(() => made.remove());
  return made;
};
const loads = async (name, attributes, ms = 5_000) => {
  const made = element(name, attributes);
  const ended = event(made, 'load', 'error', 'loadedmetadata', 'toggle');
  document.documentElement.append(made);
  return within(
    ms,
    ended.then(({ type }) => type),
  );
};

self.runCases = async () => {
  const results = {};
  for (const [name, run] of cases) {
    cleanups = [];
    // For whoever looks at a run that hangs.
    document.title = name;
    try {
      const late = wait(TIMEOUT_MS).then(() => Promise.reject(new Error('took too long')));
      const value = await Promise.race([Promise.resolve().then(run), late]);
      results[name] = { value: plain(value) };
    } catch (error) {
      results[name] = { error: String(error) };
    }
    for (const undo of cleanups.reverse()) await outcome(undo);
  }
  return results;
};

/** JSON, without what differs from run to run. */
function plain(value) {
  const text =
    JSON.stringify(value, (_, item) => (item === undefined ? 'undefined' : item)) ?? '"undefined"';
  return JSON.parse(
    text
      .replaceAll(location.origin, 'ORIGIN')
      .replaceAll(encodeURIComponent(location.origin), 'ORIGIN')
      .replaceAll(location.host, 'HOST')
      .replaceAll(OTHER, 'OTHER')
      .replaceAll(/u[0-9a-f]{12}/g, 'UID'),
  );
}
