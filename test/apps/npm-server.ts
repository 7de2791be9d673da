/** An application that is one Node process given its port, which says `listening` when it is ready. */
import { findFreePorts } from '../../cli/src/demo/ports.ts';
import type { RunningApplication } from './application.ts';
import { appFolder, packageVersion } from './install.ts';
import { makeDataFolder, startProcess } from './process.ts';

export interface NpmServerOptions {
  /** Script of the application's folder; gets `PORT` and `DATA` in its environment. */
  script: string;
  /** Package whose version is the application's. */
  dependency: string;
}

export async function startNpmServer(
  name: string,
  { script, dependency }: NpmServerOptions,
): Promise<RunningApplication> {
  const [port] = await findFreePorts(1);
  const data = makeDataFolder(name);
  const server = await startProcess(process.execPath, [`${appFolder(name)}/${script}`], {
    ready: /listening/,
    env: { PORT: String(port), DATA: data.path },
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    version: packageVersion(name, dependency),
    data: data.path,
    stop: async () => {
      await server.stop();
      data.remove();
    },
  };
}
