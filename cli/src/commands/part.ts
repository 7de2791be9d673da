import { loadConfig, type ConfigSources } from '../config/load.ts';
import { redact } from '../config/redact.ts';
import { waitForStop } from '../process/wait-for-stop.ts';
import { createLogger } from '../process/logger.ts';
import { parts, type PartName } from './parts.ts';

/** Runs a part until it is asked to stop. Tells a supervising parent over IPC when it serves. */
export async function runPart(name: PartName, sources: ConfigSources): Promise<number> {
  const part = parts[name];
  const config = await loadConfig(name, part.schema, sources);
  const logger = createLogger(name);
  const stopped = waitForStop();
  const running = await part.start(config, logger);
  logger.info('ready', running.addresses);
  process.send?.({ addresses: running.addresses });
  await stopped;
  logger.info('stopping');
  await running.close();
  if (process.connected) process.disconnect();
  return 0;
}

/** Prints the configuration that would be used, secrets redacted. */
export async function checkConfig(name: PartName, sources: ConfigSources): Promise<number> {
  const config = await loadConfig(name, parts[name].schema, sources);
  process.stdout.write(`${JSON.stringify(redact(config), null, 2)}\n`);
  return 0;
}
