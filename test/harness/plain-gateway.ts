/** A gateway in this process that serves placeholders instead of the built browser code. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createGateway,
  gatewayConfigSchema,
  type GatewayConfigInput,
  type RunningGateway,
} from '@postern/gateway';
import { silentLogger } from '@postern/shared/log';

/** Writes what a gateway's `assetsDir` must hold. */
export async function writePlaceholderAssets(assetsDir: string): Promise<void> {
  await mkdir(join(assetsDir, 'assets'), { recursive: true });
  const csp = { scriptHashes: [], styleHashes: [] };
  const files = ['page.css', 'assets/sw.js', 'loader.html', 'login.html'];
  for (const file of files) await writeFile(join(assetsDir, file), file);
  await writeFile(
    join(assetsDir, 'manifest.json'),
    JSON.stringify({
      version: 1,
      entries: { worker: 'assets/sw.js' },
      documents: { loader: { file: 'loader.html', csp }, login: { file: 'login.html', csp } },
      styles: { page: 'page.css' },
      files: Object.fromEntries(files.map((file) => [file, { sha256: '0'.repeat(64) }])),
    }),
  );
}

/** @param controllerUrl of the controller's public listener */
export async function startPlainGateway(
  controllerUrl: string,
  more: Partial<GatewayConfigInput> = {},
): Promise<RunningGateway> {
  const assetsDir = await mkdtemp(join(tmpdir(), 'postern-plain-gateway-'));
  await writePlaceholderAssets(assetsDir);
  const gateway = await createGateway(
    gatewayConfigSchema.parse({
      controllerUrl,
      loginOrigin: 'http://login.localhost',
      issuer: `${controllerUrl}/oidc`,
      apiUrl: `${controllerUrl}/postern/v1`,
      listen: { port: 0 },
      assetsDir,
      ...more,
    }),
    { logger: silentLogger },
  );
  // It has read all of them.
  await rm(assetsDir, { recursive: true, force: true });
  return gateway;
}
