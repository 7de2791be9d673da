// `npm run demo`: builds what changed (types are checked by `npm run build` and CI), then runs `postern demo` in this same process, so that a
// signal to npm reaches it.
import { spawnSync } from 'node:child_process';

const build = spawnSync('npm', ['run', '--silent', 'build:unchecked'], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) {
  console.error('postern: the build failed; see above');
  process.exit(build.status ?? 1);
}
process.argv.splice(2, 0, 'demo');
await import('../cli/dist/main.js');
