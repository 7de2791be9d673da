/** How a part on Node is configured to serve `/metrics` and `/health`. */
import { z } from 'zod';

const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

export const metricsListenerSchema = z.strictObject({
  /** Figures tell who uses what: they are for this machine, or a proxy on it that knows who asks. */
  host: z.string().max(255).regex(LOOPBACK, 'must be a loopback address').default('127.0.0.1'),
  /** 0 takes a free port. */
  port: z.int().min(0).max(65_535).default(0),
});
export type MetricsListenerConfig = z.infer<typeof metricsListenerSchema>;
