/** Health checks of a hosted service, as host.v1 writes them (specs/edge-api.md, host.v1). */
import { z } from 'zod';
import { parseDuration } from './duration.ts';

const MAX_COST = 65_535;

const duration = (minMs: number, maxMs: number) =>
  z
    .string()
    .transform(parseDuration)
    .refine(
      (ms) => ms !== undefined && ms >= minMs && ms <= maxMs,
      `must be a duration of ${minMs} ms to ${maxMs / 1000} s, such as 5s`,
    )
    .transform((ms) => ms ?? minMs);

/** What a check does to the service. `markUnhealthy` is undone by `markHealthy` of the same check. */
export type HealthEffect =
  | { readonly kind: 'markHealthy' | 'markUnhealthy' | 'sendEvent' }
  | { readonly kind: 'changeCost'; readonly by: number };

const WORDS: ReadonlyMap<string, HealthEffect> = new Map([
  ['mark healthy', { kind: 'markHealthy' }],
  ['mark unhealthy', { kind: 'markUnhealthy' }],
  ['send event', { kind: 'sendEvent' }],
]);

function parseEffect(text: string): HealthEffect | undefined {
  const [, way, amount] = /^(increase|decrease) cost (\d{1,5})$/.exec(text) ?? [];
  if (amount === undefined) return WORDS.get(text);
  const by = Number(amount);
  return by > MAX_COST ? undefined : { kind: 'changeCost', by: way === 'increase' ? by : -by };
}

const action = z.strictObject({
  /** `change`: once, when passing turns into failing or the other way round. */
  trigger: z.enum(['fail', 'pass', 'change']),
  /** Results of the kind in a row before it acts. Default 1. */
  consecutiveEvents: z.int().min(1).max(1_000_000).default(1),
  /** How long results must have been of the kind before it acts. Default: not at all. */
  duration: duration(0, 86_400_000).prefault('0s'),
  action: z
    .string()
    .max(64)
    .transform((text, context) => {
      const effect = parseEffect(text);
      if (effect !== undefined) return effect;
      context.addIssue({
        code: 'custom',
        message:
          "must be 'mark healthy', 'mark unhealthy', 'send event', 'increase cost N' or 'decrease cost N'",
      });
      return z.NEVER;
    }),
});
export type HealthAction = z.infer<typeof action>;

const check = {
  /** From one result to the next probe. */
  interval: duration(100, 86_400_000),
  /** A probe that takes longer has failed. */
  timeout: duration(1, 300_000),
  actions: z.array(action).min(1).max(20),
};

export const portCheckSchema = z.strictObject({
  ...check,
  /** `host:port` that must accept a TCP connection. */
  address: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/]{1,255}):\d{1,5}$/, 'must look like host:port'),
});
export type PortCheck = z.infer<typeof portCheckSchema>;

export const httpCheckSchema = z.strictObject({
  ...check,
  url: z.url({ protocol: /^https?$/ }).max(2048),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH']).default('GET'),
  body: z
    .string()
    .max(64 * 1024)
    .optional(),
  expectStatus: z.int().min(100).max(599).default(200),
  /** What the first 64 KiB of the response's body must hold. */
  expectInBody: z.string().min(1).max(1024).optional(),
});
export type HttpCheck = z.infer<typeof httpCheckSchema>;
