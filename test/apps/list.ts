/** The application matrix, in the order of its table. */
import type { Application } from './application.ts';
import { codeServer } from './code-server/app.ts';
import { graphql } from './graphql/app.ts';
import { htmx } from './htmx/app.ts';
import { jupyter } from './jupyter/app.ts';
import { mediawiki } from './mediawiki/app.ts';
import { nextjs } from './nextjs/app.ts';
import { nodeRed } from './node-red/app.ts';
import { novnc } from './novnc/app.ts';
import { socketIo } from './socket-io/app.ts';
import { syncthing } from './syncthing/app.ts';
import { tiddlywiki } from './tiddlywiki/app.ts';
import { transmission } from './transmission/app.ts';
import { verdaccio } from './verdaccio/app.ts';
import { webdav } from './webdav/app.ts';

/** From npm, in seconds: these run with the browser tests too. */
export const quickApplications: readonly Application[] = [
  nodeRed,
  tiddlywiki,
  socketIo,
  graphql,
  htmx,
];

export const applications: readonly Application[] = [
  ...quickApplications,
  ...[verdaccio, jupyter, codeServer, mediawiki],
  ...[novnc, syncthing, transmission, webdav, nextjs],
];
