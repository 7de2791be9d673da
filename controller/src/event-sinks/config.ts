import { z } from 'zod';
import { liveKinds } from '../live/live-event.ts';

const LOOPBACK = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/;
const kinds = z.array(z.enum(liveKinds)).min(1).optional();
const file = z.string().min(1).max(4096);

/** Where live events go beside the streams that administrators open. */
export const eventSinkSchema = z.discriminatedUnion('kind', [
  /** One line of JSON for each event, appended; mode 0600. Rotation by `copytruncate`. */
  z.strictObject({ kind: z.literal('file'), path: file, kinds }),
  z.strictObject({ kind: z.literal('stdout'), kinds }),
  /** One POST for each event, signed, tried again until it is taken or given up. */
  z.strictObject({
    kind: z.literal('webhook'),
    /** `https:`, or `http:` of a loopback host. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .refine((text) => text.startsWith('https:') || LOOPBACK.test(new URL(text).hostname), {
        error: 'must be https unless the host is loopback',
      }),
    /** Key of the signature; at least 16 characters. */
    secretFile: file,
    kinds,
    /** Attempts for one event; then it is dropped, and logged. */
    maxAttempts: z.int().min(1).max(100).default(8),
  }),
]);
export type EventSinkConfig = z.output<typeof eventSinkSchema>;
