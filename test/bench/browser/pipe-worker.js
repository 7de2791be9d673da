// The simplest encrypted pipe a service worker can be: one WebSocket a request, AES-256-GCM records
// of 64 KiB, a streaming Response. No routers, no multiplexing, no handshake. `?plain` leaves the
// encryption out.
const plain = new URL(location.href).searchParams.has('plain');
const key = crypto.subtle.importKey('raw', new Uint8Array(32), 'AES-GCM', false, [
  'encrypt',
  'decrypt',
]);
const recordBytes = 65_536;

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.pathname === '/sw-own') event.respondWith(new Response('ok'));
  else if (['/tiny', '/down', '/up'].includes(url.pathname))
    event.respondWith(answer(event.request, url));
});

async function answer(request, url) {
  const pipe = new URL(`/pipe${url.pathname}${url.search}`, `ws://${location.host}`);
  if (plain) pipe.searchParams.set('plain', '');
  const socket = new WebSocket(pipe);
  socket.binaryType = 'arraybuffer';
  const queue = [];
  let wake = () => {};
  let ended = false;
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') ended = true;
    else queue.push(open(data, queue.length));
    wake();
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('pipe'));
  });
  if (request.method === 'POST') await send(socket, request);
  const body = new ReadableStream({
    async pull(controller) {
      while (queue.length === 0 && !ended) await new Promise((resolve) => (wake = resolve));
      const next = queue.shift();
      if (next) controller.enqueue(new Uint8Array(await next));
      else {
        controller.close();
        socket.close();
      }
    },
  });
  return new Response(body, { headers: { 'content-type': 'application/octet-stream' } });
}

async function send(socket, request) {
  const source = request.body ?? (await request.blob()).stream();
  const reader = source.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (let offset = 0; offset < value.byteLength; offset += recordBytes) {
      socket.send(await seal(value.subarray(offset, offset + recordBytes)));
      while (socket.bufferedAmount > 4e6) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  socket.send('end');
}

async function open(record) {
  if (plain) return record;
  return crypto.subtle.decrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, await key, record);
}

async function seal(bytes) {
  if (plain) return bytes;
  return crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, await key, bytes);
}
