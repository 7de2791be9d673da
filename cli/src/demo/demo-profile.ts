/** The demo's administrator as a profile, so that other commands need no sign-in while the demo runs. */
import { isAppError } from '@postern/shared/errors';
import {
  profilesPath,
  readProfiles,
  writeProfiles,
  type Profile,
} from '../profiles/profile-store.ts';
import type { Terminal } from '../terminal/terminal.ts';

const NAME = 'demo';

export interface DemoProfile {
  /** What to add to commands: nothing where the profile is the one they take by themselves. */
  readonly option: '' | ` --profile ${typeof NAME}`;
  /** Forgets the profile, unless another demo took its place. */
  remove(): Promise<void>;
}

/**
 * Remembers the profile `demo`. It becomes the current one only where nobody is signed in anywhere else.
 * @returns `undefined` where profiles cannot be kept, which is said and ends no demo
 */
export async function keepDemoProfile(
  terminal: Terminal,
  profile: Profile,
): Promise<DemoProfile | undefined> {
  const path = profilesPath(terminal.env);
  try {
    const profiles = await readProfiles(path);
    const { current } = profiles;
    const isElsewhere = current !== undefined && profiles.profiles[current]?.token !== undefined;
    profiles.profiles[NAME] = profile;
    if (!isElsewhere) profiles.current = NAME;
    await writeProfiles(path, profiles);
    return {
      option: profiles.current === NAME ? '' : ` --profile ${NAME}`,
      remove: () => forget(path, profile.token),
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    terminal.err(`The profile "${NAME}" is not kept: ${why}\n`);
    return undefined;
  }
}

async function forget(path: string, token: string | undefined): Promise<void> {
  try {
    const profiles = await readProfiles(path);
    if (profiles.profiles[NAME]?.token !== token) return;
    profiles.profiles = Object.fromEntries(
      Object.entries(profiles.profiles).filter(([name]) => name !== NAME),
    );
    if (profiles.current === NAME) delete profiles.current;
    await writeProfiles(path, profiles);
  } catch (error) {
    // The file was moved or opened to others meanwhile: it is its owner's business now.
    if (!isAppError(error, 'ERR_CLI_PROFILES')) throw error;
  }
}
