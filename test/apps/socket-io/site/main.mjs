// The chat of the Socket.IO tutorial (socket.io/docs/v4/tutorial), with its Admin UI beside it.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { instrument } from '@socket.io/admin-ui';
import express from 'express';
import { Server } from 'socket.io';

const adminUi = dirname(createRequire(import.meta.url).resolve('@socket.io/admin-ui/package.json'));
const app = express();
const server = createServer(app);
const io = new Server(server, { connectionStateRecovery: {} });

app.get('/', (request, response) => {
  response.sendFile(join(dirname(fileURLToPath(import.meta.url)), 'index.html'));
});
app.use('/admin', express.static(join(adminUi, 'ui/dist')));
io.on('connection', (socket) => {
  socket.on('chat message', (text, answered) => {
    io.emit('chat message', text);
    answered({ characters: text.length, by: socket.conn.transport.name });
  });
  // The same bytes come back, as an attachment of their own.
  socket.on('picture', (bytes, answered) => answered(bytes));
});
instrument(io, { auth: false, mode: 'development' });
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
