// The measured app, and the far end of the simplest pipe. A process of its own: `node server.mjs`.
// The fixed key and nonce of the pipe measure the cost of the cipher; they protect nothing.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const here = (name) => readFileSync(new URL(name, import.meta.url));
const files = {
  '/': ['text/html', here('page.html')],
  '/bench-page.js': ['text/javascript', here('bench-page.js')],
  '/pipe-worker.js': ['text/javascript', here('pipe-worker.js')],
  '/journey.js': ['text/javascript', here('journey.js')],
};
const stop = (body) =>
  `<!doctype html><meta charset="utf-8"><title>Stop</title><p>Here</p>${body}<script type="module" src="/journey.js"></script>`;
for (const path of ['/start', '/paint', '/echo']) files[path] = ['text/html', stop('')];
const hundred = Array.from({ length: 100 }, (_, i) => `<img src="/dot/${i}.svg" alt="">`);
files['/hundred'] = ['text/html', stop(hundred.join(''))];
// About 2 KB each, like an icon.
const dot = `<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><desc>${'.'.repeat(2_000)}</desc><circle cx="4" cy="4" r="4"/></svg>`;
for (let i = 0; i < 100; i++) files[`/dot/${i}.svg`] = ['image/svg+xml', dot];
const chunk = Buffer.alloc(65_536, 7);
const key = Buffer.alloc(32);
const nonce = Buffer.alloc(12);

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://app');
  const file = files[url.pathname];
  if (file) {
    response.writeHead(200, { 'content-type': file[0], 'cache-control': 'no-store' }).end(file[1]);
  } else if (url.pathname === '/tiny') {
    response
      .writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
      .end('ok');
  } else if (url.pathname === '/down') {
    sendDownload(response, Number(url.searchParams.get('mb')) * 1e6);
  } else if (url.pathname === '/up' || url.pathname === '/report') {
    let bytes = 0;
    let text = '';
    request.on('data', (part) => {
      bytes += part.length;
      if (url.pathname === '/report') text += part;
    });
    request.on('end', () => {
      if (url.pathname === '/report') process.send?.({ report: JSON.parse(text) });
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ bytes }));
    });
  } else {
    response.writeHead(404).end();
  }
});

function sendDownload(response, total) {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': total,
    'cache-control': 'no-store',
  });
  let left = total;
  const more = () => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      if (!response.write(part)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket, request) => {
  const url = new URL(request.url, 'http://pipe');
  const plain = url.searchParams.has('plain');
  const seal = (bytes) => (plain ? bytes : encrypt(bytes));
  if (url.pathname === '/echo') {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  } else if (url.pathname === '/pipe/up') {
    let bytes = 0;
    socket.on('message', (data, isBinary) => {
      if (isBinary) bytes += (plain ? data : decrypt(data)).length;
      else socket.send(seal(Buffer.from(JSON.stringify({ bytes }))), () => socket.send('end'));
    });
  } else if (url.pathname === '/pipe/down') {
    let left = Number(url.searchParams.get('mb')) * 1e6;
    const more = () => {
      while (left > 0) {
        const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= part.length;
        const isFull = left > 0 && socket.bufferedAmount > 4e6;
        socket.send(seal(part), isFull ? more : undefined);
        if (isFull) return;
      }
      socket.send('end');
    };
    more();
  } else {
    socket.send(seal(Buffer.from('ok')), () => socket.send('end'));
  }
});

function encrypt(bytes) {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(record) {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-16));
  return Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
}

server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.once('disconnect', () => process.exit());
