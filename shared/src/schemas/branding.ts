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

/** An image that the gateway serves by its digest. */
export const brandLogoSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mediaType: z.enum(['image/png', 'image/svg+xml']),
});

/** {@link Branding} of `../branding`, as it travels: nothing in it is markup, and colours are `#rrggbb`. */
export const brandingSchema = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  logo: brandLogoSchema.optional(),
  light: colors.optional(),
  dark: colors.optional(),
  helpUrl: z
    .url({ protocol: /^https$/ })
    .max(512)
    .optional(),
  supportText: z.string().min(1).max(300).optional(),
});
