import type { Application } from '../application.ts';
import { installFromLockfile } from '../install.ts';
import { startNpmServer } from '../npm-server.ts';
import { use } from './script.ts';

const name = 'htmx';

export const htmx: Application = {
  name,
  title: 'htmx examples',
  from: 'npm',
  task: 'click to edit (PUT), delete rows of a table, search while typing, infinite scroll, swaps out of band, a server-sent clock, boosted links: fragments, also ones of `<tr>` alone',
  install: () => installFromLockfile(name),
  start: () => startNpmServer(name, { script: 'site/main.mjs', dependency: 'htmx.org' }),
  use,
};
