// A controller as a process of its own: configuration as JSON in the first argument; tells its parent
// where it listens, and stops on SIGTERM.
import { controllerConfigSchema, createController } from '../../controller/dist/index.js';

const log = (level) => (event, fields) => {
  if (process.env.POSTERN_TEST_LOG) console.error(level, event, fields ?? '');
};
const logger = {
  debug: () => undefined,
  info: log('info'),
  warn: log('warn'),
  error: log('error'),
};
logger.child = () => logger;

const config = controllerConfigSchema.parse(JSON.parse(process.argv[2]));
const controller = await createController(config, { logger });
process.once('SIGTERM', () => void controller.close().then(() => process.exit(0)));
process.send({ adminUrl: controller.admin.url, trustBundlePem: controller.trustBundlePem });
