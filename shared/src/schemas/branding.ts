import { z } from 'zod';

const color = z.string().regex(/^#[0-9a-f]{6}$/);
const colors = z.strictObject({
  accent: color.optional(),
  onAccent: color.optional(),
  background: color.optional(),
  surface: color.optional(),
  text: color.optional(),
  muted: color.optional(),
});

/** {@link Branding} of `../branding`, as it travels: nothing in it is markup, and colours are `#rrggbb`. */
export const brandingSchema = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  logo: z
    .strictObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      mediaType: z.enum(['image/png', 'image/svg+xml']),
    })
    .optional(),
  light: colors.optional(),
  dark: colors.optional(),
  helpUrl: z
    .url({ protocol: /^https$/ })
    .max(512)
    .optional(),
  supportText: z.string().min(1).max(300).optional(),
});
