import { AppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import { EdgeClient, type EdgeTarget } from '../client/edge-client.ts';
import {
  chooseProfile,
  profilesPath,
  readProfiles,
  type Profile,
} from '../profiles/profile-store.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Options that every command has which speaks to a controller. */
export interface SessionFlags {
  profile?: string;
  json?: boolean;
}

/** Adds the options of {@link SessionFlags}. */
export function withSession(command: Command): Command {
  return command
    .option('-i, --profile <name>', 'which sign-in to use (default: see "postern edge use")')
    .option('-j, --json', 'print what the controller answers, unchanged');
}

/** The profile asked for: by option, else `$POSTERN_PROFILE`, else the current one. */
export async function openProfile(
  terminal: Terminal,
  flags: SessionFlags,
): Promise<{ name: string; profile: Profile }> {
  const profiles = await readProfiles(profilesPath(terminal.env));
  const chosen = chooseProfile(
    profiles,
    flags.profile ?? (terminal.env['POSTERN_PROFILE'] || undefined),
  );
  if (chosen.profile.token === undefined) {
    throw new AppError(
      'ERR_CLI_SIGNED_OUT',
      `Signed out of ${chosen.profile.origin}: sign in again with "postern edge login ${new URL(chosen.profile.origin).host} --profile ${chosen.name}"`,
    );
  }
  return chosen;
}

/** How calls are made for a profile. */
export function targetOf({ origin, basePath, ca, token }: Profile): EdgeTarget {
  return { origin, basePath, ca, token };
}

/**
 * Runs `action` with a client of the Management API for the chosen profile.
 * @throws AppError `ERR_CLI_SIGNED_OUT`, `ERR_CLI_PROFILES`, and what the action throws
 */
export async function withClient<T>(
  terminal: Terminal,
  flags: SessionFlags,
  action: (client: EdgeClient) => Promise<T>,
  basePath?: string,
): Promise<T> {
  const { profile } = await openProfile(terminal, flags);
  const target = targetOf(profile);
  const client = new EdgeClient(basePath === undefined ? target : { ...target, basePath });
  try {
    return await action(client);
  } finally {
    await client.close();
  }
}
