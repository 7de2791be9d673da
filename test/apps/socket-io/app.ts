import type { Application } from '../application.ts';
import { installFromLockfile } from '../install.ts';
import { startNpmServer } from '../npm-server.ts';
import { use } from './script.ts';

const name = 'socket-io';

export const socketIo: Application = {
  name,
  title: 'Socket.IO chat and Admin UI',
  from: 'npm',
  task: 'two tabs chat over long polling upgraded to WebSocket; bytes there and back; the Admin UI lists the sockets and disconnects one, which comes back',
  install: () => installFromLockfile(name),
  start: () => startNpmServer(name, { script: 'site/main.mjs', dependency: 'socket.io' }),
  use,
};
