import type { BrandColors, BrandLogo } from '@postern/shared/branding';
import { defineTable, entityColumns, json, map, text, type RowOf } from './table.ts';

/** The look of the pages people see, of the whole network or of one application. */
export const brandings = defineTable('brandings', {
  ...entityColumns,
  name: text(),
  /** Empty: of the whole network. */
  applicationId: text(),
  displayName: text(),
  /** `data` is base64; `{}` for none. */
  logo: json<{ mediaType?: BrandLogo['mediaType']; data?: string }>(),
  /** Hex, of the logo's bytes; empty without one. */
  logoSha256: text(),
  /** As the operator wrote them. */
  light: map<NonNullable<BrandColors[keyof BrandColors]>>(),
  dark: map<NonNullable<BrandColors[keyof BrandColors]>>(),
  helpUrl: text(),
  supportText: text(),
});
export type BrandingRow = RowOf<typeof brandings>;
