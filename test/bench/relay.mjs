// A bare relay for comparison: `ws` to `ws` with bufferutil, nothing else. `node relay.mjs UPSTREAM`.
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

const upstream = process.argv[2];
const server = createServer();
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
