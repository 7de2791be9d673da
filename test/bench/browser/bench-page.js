// Runs in the measured page: the same code direct, through the simplest pipe and through Postern.
// It starts by itself and posts its figures to /report, since automation would distort them.
const parameters = new URLSearchParams(location.search);
const worker = parameters.get('worker');
const mode = parameters.get('mode') ?? 'direct';

try {
  if (worker) await control(worker);
  const result = { mode, run: parameters.get('run') };
  if (parameters.has('own')) result.ownRoundTripMs = await latency('/sw-own');
  result.tinyMs = await latency('/tiny');
  result.downloadMBps = await download(Number(parameters.get('down')));
  result.uploadMBps = await upload(Number(parameters.get('up')));
  await report(result);
} catch (error) {
  await report({ mode, run: parameters.get('run'), error: String(error) });
}

async function control(script) {
  await navigator.serviceWorker.register(script);
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done));
  }
}

async function latency(path) {
  const times = [];
  for (let i = 0; i < 330; i++) {
    const start = performance.now();
    await (await fetch(`${path}?${i}`)).text();
    if (i >= 30) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return {
    p50: times[Math.floor(times.length * 0.5)],
    p99: times[Math.floor(times.length * 0.99)],
  };
}

async function download(megabytes) {
  const start = performance.now();
  const { body } = await fetch(`/down?mb=${megabytes}`);
  const reader = body.getReader();
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
  }
  if (bytes !== megabytes * 1e6) throw new Error(`got ${bytes} bytes`);
  return bytes / 1e3 / (performance.now() - start);
}

async function upload(megabytes) {
  const part = new Uint8Array(1e6);
  crypto.getRandomValues(part.subarray(0, 65536));
  const body = new Blob(Array.from({ length: megabytes }, () => part));
  const start = performance.now();
  const got = await (await fetch('/up', { method: 'POST', body })).json();
  if (got.bytes !== body.size) throw new Error(`the server got ${got.bytes} bytes`);
  return body.size / 1e3 / (performance.now() - start);
}

function report(result) {
  return fetch('/report', { method: 'POST', body: JSON.stringify(result) });
}
