/** How a part on Node is configured to serve `/metrics` and `/health`. */
import { z } from 'zod';

const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

export const metricsListenerSchema = z
  .strictObject({
    /** Figures tell who uses what: beyond this machine they are for those with the token. */
    host: z.string().min(1).max(255).default('127.0.0.1'),
    /** 0 takes a free port. */
    port: z.int().min(0).max(65_535).default(0),
    /** File of the token that `Authorization: Bearer` must bear; required unless `host` is loopback. */
    tokenFile: z.string().min(1).optional(),
  })
  .refine(({ host, tokenFile }) => tokenFile !== undefined || LOOPBACK.test(host), {
    path: ['host'],
    error: 'must be a loopback address unless there is a tokenFile',
  });
export type MetricsListenerConfig = z.infer<typeof metricsListenerSchema>;
