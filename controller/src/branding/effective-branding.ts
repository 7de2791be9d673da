/** The look of the network and of each application, as pages get it. */
import {
  mergeBranding,
  parseColor,
  type BrandColors,
  type Branding,
} from '@postern/shared/branding';
import type { Kysely } from 'kysely';
import type { BrandingRow } from '../model/brandings.ts';
import { repositories } from '../store/repositories.ts';
import type { Database } from '../store/tables.ts';

/** `applicationId` of the network's own. */
export const NETWORK = '';

type Content = Pick<
  BrandingRow,
  'displayName' | 'logo' | 'logoSha256' | 'light' | 'dark' | 'helpUrl' | 'supportText'
>;

/** What was set, and nothing else. */
export function toBranding(row: Content): Branding {
  const { displayName, logo, logoSha256, light, dark, helpUrl, supportText } = row;
  return {
    ...(displayName !== '' && { name: displayName }),
    ...(logo.mediaType !== undefined && {
      logo: { sha256: logoSha256, mediaType: logo.mediaType },
    }),
    ...(Object.keys(light).length > 0 && { light: normalized(light) }),
    ...(Object.keys(dark).length > 0 && { dark: normalized(dark) }),
    ...(helpUrl !== '' && { helpUrl }),
    ...(supportText !== '' && { supportText }),
  };
}

/** The look of an application: its own before the network's. `undefined` where nobody set any. */
export async function effectiveBranding(
  db: Kysely<Database>,
  applicationId: string,
): Promise<Branding | undefined> {
  const rows = await repositories.brandings.findIn(db, 'applicationId', [NETWORK, applicationId]);
  if (rows.length === 0) return undefined;
  const of = (id: string): Branding => {
    const row = rows.find((one) => one.applicationId === id);
    return row ? toBranding(row) : {};
  };
  return mergeBranding(of(NETWORK), of(applicationId));
}

function normalized(colors: Readonly<Record<string, string>>): BrandColors {
  return Object.fromEntries(
    Object.entries(colors).flatMap(([name, written]) => {
      const color = parseColor(written);
      return color === undefined ? [] : [[name, color]];
    }),
  );
}
