/** What is known of the device and place of one session: by its own word, unless said otherwise. */
import { z } from 'zod';

const text = z.string().max(512);

export const processSchema = z.object({
  path: z.string().min(1).max(1024),
  isRunning: z.boolean(),
  hash: text.default(''),
  signerFingerprints: z.array(text).max(32).default([]),
});

export const reportedSchema = z.object({
  os: z.object({ type: text, version: text, build: text }).optional(),
  domain: text.optional(),
  macAddresses: z.array(text).max(64).optional(),
  processes: z.array(processSchema).max(64).optional(),
  browser: z.object({ name: text, majorVersion: z.int().min(0) }).optional(),
  platform: z.object({ name: text, version: text }).optional(),
  wokenAtMs: z.int().optional(),
  unlockedAtMs: z.int().optional(),
  /** Seen by the controller: a code was verified. */
  mfaPassedAtMs: z.int().optional(),
  /** Seen by the controller: where the session's last request came from. */
  address: text.optional(),
});
export type Reported = z.infer<typeof reportedSchema>;
