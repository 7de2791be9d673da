// A router as a process of its own, so that its CPU time can be told: `node router-process.mjs CONFIG`.
import { createRouter, routerConfigSchema } from '@postern/router';
import { silentLogger } from '@postern/shared/log';

const router = await createRouter(routerConfigSchema.parse(JSON.parse(process.argv[2])), {
  logger: silentLogger,
});
const { routerId, edgeUrls, fabricAddresses, fabricPort, metricsUrl } = router;
process.send?.({ port: 0, routerId, edgeUrls, fabricAddresses, fabricPort, metricsUrl });
process.once('disconnect', () => process.exit());
