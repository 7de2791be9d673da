import {
  ACME_NOT_WHOLE,
  acmeIsWhole,
  acmeSchema,
  metricsListenerSchema,
} from '@postern/shared/schemas';
import { z } from 'zod';

const httpUrl = z
  .url({ protocol: /^https?$/ })
  .max(512)
  .transform((text) => text.replace(/\/$/, ''));

/** An origin exactly as browsers write it: no path, no default port, no trailing slash. */
const origin = z
  .string()
  .max(512)
  .refine((text) => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text, {
    error: 'must be an origin such as https://login.example.com',
  });

/** What the gateway is told on any runtime. */
export const gatewaySettingsSchema = z.strictObject({
  /** Where the gateway itself reaches the public listeners of the controllers: one URL, or several. */
  controllerUrl: z.union([httpUrl.transform((url) => [url]), z.array(httpUrl).min(1).max(16)]),
  /** Origin of the sign-in pages. Its scheme is that of every origin served. */
  loginOrigin: origin,
  /** OAuth issuer as browsers reach it, for example `https://ctrl.example.com/oidc`. */
  issuer: httpUrl,
  /** Base of the controller's own API as browsers reach it. */
  apiUrl: httpUrl,
  /** Origins of identity providers that the login page may talk to. */
  idpOrigins: z.array(origin).max(32).default([]),
  /** Serves a worker that removes itself, and no application. */
  killSwitch: z.boolean().default(false),
});
export type GatewaySettings = z.infer<typeof gatewaySettingsSchema>;

const loopbackHosts = new Set(['127.0.0.1', '::1', 'localhost']);

/** Configuration of the gateway as a Node process. */
export const gatewayConfigSchema = z
  .strictObject({
    ...gatewaySettingsSchema.shape,
    listen: z
      .strictObject({
        host: z.string().min(1).max(255).default('127.0.0.1'),
        /** 0 takes a free port. */
        port: z.int().min(0).max(65_535).default(8080),
      })
      .prefault({}),
    /** `none` only on a loopback address; `acme`: a certificate as `acme` says. */
    tls: z
      .union([
        z.enum(['none', 'acme']),
        z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }),
      ])
      .default('none'),
    acme: acmeSchema.optional(),
    /** PEM file of the authority that signed the controller's certificate; the system's by default. */
    controllerCaFile: z.string().min(1).optional(),
    /** Serves Prometheus metrics; without it they are not served. */
    metrics: metricsListenerSchema.optional(),
    /** Folder of the built browser code; the one beside this package by default. */
    assetsDir: z.string().min(1).optional(),
  })
  .refine(({ tls, listen }) => tls !== 'none' || loopbackHosts.has(listen.host), {
    path: ['tls'],
    error: 'a listener without TLS is allowed on a loopback address only',
  })
  .refine(acmeIsWhole, ACME_NOT_WHOLE);
export type GatewayConfig = z.infer<typeof gatewayConfigSchema>;
export type GatewayConfigInput = z.input<typeof gatewayConfigSchema>;
