import type { Application } from '../application.ts';
import { installFromLockfile } from '../install.ts';
import { startNpmServer } from '../npm-server.ts';
import { use } from './script.ts';

const name = 'graphql';

export const graphql: Application = {
  name,
  title: 'GraphQL Yoga with GraphiQL',
  from: 'npm',
  task: 'subscribe in GraphiQL over WebSocket (graphql-ws), change data in a second tab and see it arrive; the same subscription as server-sent events',
  install: () => installFromLockfile(name),
  start: () => startNpmServer(name, { script: 'site/main.mjs', dependency: 'graphql-yoga' }),
  use,
};
