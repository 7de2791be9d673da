import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { debianVersion, installDebian } from '../install.ts';
import { makeDataFolder, runCommand, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'novnc';

/** A virtual screen with a terminal on it, its VNC server and websockify. */
export const novnc: Application = {
  name,
  title: 'noVNC on TigerVNC',
  from: 'Debian',
  startPath: '/vnc.html',
  task: 'connect to a screen with a password, see it drawn, type commands into the terminal on it and watch the screen change, disconnect, connect again',
  install: () =>
    installDebian('novnc', 'websockify', 'tigervnc-standalone-server', 'tigervnc-tools', 'xterm'),
  start: async () => {
    const [port, vncPort] = await findFreePorts(2);
    const data = makeDataFolder(name);
    const passwordFile = join(data.path, 'password');
    await runCommand('sh', ['-c', `echo lovelace | tigervncpasswd -f > ${passwordFile}`]);
    const display = `:${freeDisplay()}`;
    const screen = await startProcess(
      'Xtigervnc',
      [
        ...[display, '-localhost', '-rfbport', String(vncPort), '-geometry', '800x500'],
        ...['-SecurityTypes', 'VncAuth', '-PasswordFile', passwordFile, '-depth', '24'],
      ],
      { ready: /Listening for VNC connections/ },
    );
    // Fills the terminal with a colour, where the user can see that it was heard.
    writeFileSync(join(data.path, 'paint'), `printf '\\033]11;%s\\007' "$1"; clear\n`);
    // The shell in the terminal tells through a FIFO that it is there.
    writeFileSync(
      join(data.path, 'start'),
      [
        'mkfifo up',
        'cat up &',
        "exec xterm -geometry 130x38+0+0 -fg black -bg white -e sh -c 'echo up > up; exec sh -i'",
        '',
      ].join('\n'),
    );
    const terminal = await startProcess('sh', ['start'], {
      ...{ ready: /up/, cwd: data.path, env: { DISPLAY: display } },
    });
    const proxy = await startProcess(
      'websockify',
      ['--web', '/usr/share/novnc', `127.0.0.1:${port}`, `127.0.0.1:${vncPort}`],
      { ready: /proxying from/ },
    );
    return {
      origin: `http://127.0.0.1:${port}`,
      version: debianVersion('novnc') ?? '',
      data: data.path,
      stop: async () => {
        await proxy.stop();
        await terminal.stop();
        await screen.stop();
        data.remove();
      },
    };
  },
  use,
};

function freeDisplay(): number {
  for (let display = 50; ; display++) {
    if (!existsSync(`/tmp/.X11-unix/X${display}`) && !existsSync(`/tmp/.X${display}-lock`)) {
      return display;
    }
  }
}
