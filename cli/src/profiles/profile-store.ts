/**
 * Where one is signed in: named profiles in one file, for its owner alone. It holds session tokens,
 * so a file that others can read is refused rather than repaired: what was in it may be known.
 */
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';

const profileSchema = z.strictObject({
  /** `https://host:port` of the controller. */
  origin: z.url({ protocol: /^https$/ }),
  /** Path of the Management API there. */
  basePath: z.string().startsWith('/'),
  /** PEM of the authorities trusted for it; absent: those of the system. */
  ca: z.string().optional(),
  /** Who signed in, for display. */
  identity: z.string().optional(),
  /** Session token or JWT; absent after logout. */
  token: z.string().optional(),
});
export type Profile = z.infer<typeof profileSchema>;

const fileSchema = z.strictObject({
  current: z.string().optional(),
  profiles: z.record(z.string(), profileSchema),
});
export type Profiles = z.infer<typeof fileSchema>;

/** `$POSTERN_PROFILES`, else `postern/profiles.json` in the user's configuration folder. */
export function profilesPath(env: Record<string, string | undefined>): string {
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
  return env['POSTERN_PROFILES'] || join(config, 'postern', 'profiles.json');
}

/**
 * All profiles; none when there is no file.
 * @throws AppError `ERR_CLI_PROFILES`: others may read the file, or it is not one of ours.
 */
export async function readProfiles(path: string): Promise<Profiles> {
  const text = await readIfPresent(path);
  if (text === undefined) return { profiles: {} };
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new AppError(
      'ERR_CLI_PROFILES',
      `${path} may be read by others (mode ${(mode & 0o777).toString(8)}). Take their rights with "chmod 600 ${path}", then end the sessions in it with "postern edge logout" and sign in again`,
    );
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError(
      'ERR_CLI_PROFILES',
      `${path} does not hold profiles: move it away and sign in again`,
      { cause },
    );
  }
}

/** Replaces the file, mode 0600. */
export async function writeProfiles(path: string, profiles: Profiles): Promise<void> {
  await writeDurably(path, `${JSON.stringify(profiles, null, 2)}\n`);
}

/**
 * The profile of that name, else the current one.
 * @throws AppError `ERR_CLI_SIGNED_OUT`
 */
export function chooseProfile(
  { current, profiles }: Profiles,
  wanted?: string,
): { name: string; profile: Profile } {
  const name = wanted ?? current;
  const profile = name !== undefined && Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (name === undefined || profile === undefined) {
    const known = Object.keys(profiles);
    throw new AppError(
      'ERR_CLI_SIGNED_OUT',
      wanted === undefined
        ? 'Not signed in: start with "postern edge login <host:port>"'
        : `There is no profile "${wanted}"${known.length > 0 ? ` (there are: ${known.join(', ')})` : ''}: sign in with "postern edge login <host:port> --profile ${wanted}"`,
    );
  }
  return { name, profile };
}
