// Finds an installed Chromium, Firefox and WebKitGTK, or installs them where that can be done without
// asking: apt-get as root on Debian and Ubuntu, otherwise Playwright's own download. WebKitGTK is found by
// its WebDriver, and is the only one that tests do without.
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const browsers = {
  chromium: {
    env: 'CHROMIUM_PATH',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    playwright: [/^chromium-\d+$/, ['chrome-linux/chrome', 'chrome-linux64/chrome']],
    debian: ['chromium'],
  },
  firefox: {
    env: 'FIREFOX_PATH',
    names: ['firefox', 'firefox-esr'],
    playwright: [/^firefox-\d+$/, ['firefox/firefox']],
    debian: ['firefox-esr', 'firefox'],
  },
  webkit: {
    env: 'WEBKIT_DRIVER_PATH',
    names: ['WebKitWebDriver'],
    // A display and a session bus of its own.
    needs: ['Xvfb', 'dbus-run-session'],
    debian: ['webkit2gtk-driver xvfb dbus'],
    isOptional: true,
  },
};

/** Absolute path of an installed browser, or undefined. */
export function findBrowser(kind) {
  const { env, names, needs = [], playwright } = browsers[kind];
  if (needs.some((program) => onPath([program]) === undefined)) return undefined;
  const found = process.env[env] || onPath(names, playwright ? runs : undefined);
  if (found || !playwright) return found;
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), '.cache', 'ms-playwright');
  const [folderPattern, inner] = playwright;
  const folders = existsSync(cache) ? readdirSync(cache).filter((f) => folderPattern.test(f)) : [];
  return folders.flatMap((f) => inner.map((i) => join(cache, f, i))).find(isExecutable);
}

/** Makes sure that the browsers are there; throws an error that says what to install. */
export function ensureBrowsers() {
  const missing = () => Object.keys(browsers).filter((kind) => !findBrowser(kind));
  const needed = () => missing().filter((kind) => !browsers[kind].isOptional);
  if (missing().length === 0) return;
  if (process.getuid?.() === 0 && isExecutable('/usr/bin/apt-get')) {
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    for (const kind of missing()) {
      for (const name of browsers[kind].debian) {
        const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
        spawnSync('apt-get', ['install', '-y', '-qq', ...name.split(' ')], {
          stdio: 'inherit',
          env,
        });
        if (findBrowser(kind)) break;
      }
    }
  }
  if (needed().length > 0) {
    spawnSync('npx', ['playwright-core', 'install', ...needed()], { stdio: 'inherit' });
  }
  if (needed().length > 0) {
    throw new Error(
      `These browsers are missing and could not be installed: ${needed().join(', ')}. ` +
        'Install them (Debian: apt-get install chromium firefox-esr), or set CHROMIUM_PATH and FIREFOX_PATH.',
    );
  }
}

function onPath(names, isGood = () => true) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = names
      .map((name) => join(folder, name))
      .find((file) => isExecutable(file) && isGood(file));
    if (path) return path;
  }
  return undefined;
}

/** Ubuntu's /usr/bin/chromium-browser may be a shell script that only asks for a snap. (WebKitGTK's driver knows no `--version`.) */
function runs(path) {
  try {
    execFileSync(path, ['--version'], { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
