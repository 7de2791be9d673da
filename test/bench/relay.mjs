// A bare relay for comparison: `ws` to `ws` with bufferutil, nothing else. `node relay.mjs UPSTREAM [{key,cert}]`.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { WebSocket, WebSocketServer } from 'ws';

const upstream = process.argv[2];
const credential = process.argv[3] && JSON.parse(process.argv[3]);
const server = credential
  ? createTlsServer({ ...credential, minVersion: 'TLSv1.3' })
  : createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (client) => {
  const host = new WebSocket(upstream, { perMessageDeflate: false, rejectUnauthorized: false });
  pipe(client, host);
  pipe(host, client);
});

function pipe(from, to) {
  from.on('message', (data, isBinary) => {
    if (to.readyState === WebSocket.CONNECTING)
      return void to.once('open', () => to.send(data, { binary: isBinary }));
    to.send(data, { binary: isBinary });
    if (to.bufferedAmount > 4e6) {
      from.pause();
      const look = setInterval(() => {
        if (to.bufferedAmount < 1e6) {
          clearInterval(look);
          from.resume();
        }
      }, 1);
    }
  });
  from.on('close', () => to.terminate());
  from.on('error', () => to.terminate());
}

server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.once('disconnect', () => process.exit());
