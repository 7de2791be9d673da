import { noTracer, OtlpTracer, readTracingSettings } from '@postern/node/tracing';
import { loadConfig, type ConfigSources } from '../config/load.ts';
import { redact } from '../config/redact.ts';
import { createLogger } from '../process/logger.ts';
import { waitForStop } from '../process/wait-for-stop.ts';
import { loadPart, type PartName } from './parts.ts';

/** Runs a part until it is asked to stop; SIGHUP has it read its configuration again, where it can. Tells a supervising parent over IPC when it serves. */
export async function runPart(name: PartName, sources: ConfigSources): Promise<void> {
  const stopped = waitForStop();
  const part = await loadPart(name);
  const config = await loadConfig(name, part.schema, sources);
  const logger = createLogger(name);
  const tracing = readTracingSettings(process.env, name);
  const tracer = tracing === undefined ? noTracer : new OtlpTracer(tracing, { logger });
  const running = await part.start(config, { logger, tracer });
  if (running.reload) {
    process.on('SIGHUP', () => {
      loadConfig(name, part.schema, sources)
        .then((next) => running.reload?.(next))
        .catch((error: unknown) => logger.error('reload-failed', { error }));
    });
  }
  logger.info('ready');
  process.send?.({ ready: true });
  await stopped;
  logger.info('stopping');
  await running.close();
  await tracer.close();
  if (process.connected) process.disconnect();
}

/** Prints the configuration that would be used, secrets redacted. */
export async function checkConfig(name: PartName, sources: ConfigSources): Promise<void> {
  const { schema } = await loadPart(name);
  const config = await loadConfig(name, schema, sources);
  process.stdout.write(`${JSON.stringify(redact(config), null, 2)}\n`);
}
