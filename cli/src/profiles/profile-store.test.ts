import { chmod, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  chooseProfile,
  profilesPath,
  readProfiles,
  writeProfiles,
  type Profiles,
} from './profile-store.ts';

const profile = {
  origin: 'https://ctrl.example.com:1280',
  basePath: '/edge/management/v1',
  token: 't',
};
const freshPath = async () =>
  join(await mkdtemp(join(tmpdir(), 'postern-profiles-')), 'deep', 'profiles.json');

describe('profiles', () => {
  it('are kept for their owner alone', async () => {
    const path = await freshPath();
    expect(await readProfiles(path)).toEqual({ profiles: {} });
    const profiles: Profiles = { current: 'a', profiles: { a: profile } };
    await writeProfiles(path, profiles);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readProfiles(path)).toEqual(profiles);
  });

  it.each([0o604, 0o640, 0o620, 0o601])('are refused with mode %o', async (mode) => {
    const path = await freshPath();
    await writeProfiles(path, { profiles: { a: profile } });
    await chmod(path, mode);
    await expect(readProfiles(path)).rejects.toMatchObject({ code: 'ERR_CLI_PROFILES' });
  });

  it.each(['', '{}', '{"profiles":{"a":{"origin":"http://x"}}}'])(
    'are refused as %j',
    async (text) => {
      const path = await freshPath();
      await writeProfiles(path, { profiles: {} });
      await writeFile(path, text);
      await expect(readProfiles(path)).rejects.toMatchObject({ code: 'ERR_CLI_PROFILES' });
    },
  );

  it('are where the environment says', () => {
    expect(profilesPath({ POSTERN_PROFILES: '/x' })).toBe('/x');
    expect(profilesPath({ XDG_CONFIG_HOME: '/c' })).toBe('/c/postern/profiles.json');
    expect(profilesPath({ HOME: '/h' })).toBe('/h/.config/postern/profiles.json');
  });
});

describe('chooseProfile', () => {
  const profiles: Profiles = { current: 'a', profiles: { a: profile, b: profile } };
  it('takes the one asked for, else the current one', () => {
    expect(chooseProfile(profiles).name).toBe('a');
    expect(chooseProfile(profiles, 'b').name).toBe('b');
  });

  it.each([
    [{ profiles: {} }, undefined, 'Not signed in'],
    [profiles, 'c', 'there are: a, b'],
    [profiles, 'constructor', 'no profile'],
  ])('says what there is otherwise', (of, wanted, text) => {
    expect(() => chooseProfile(of, wanted)).toThrow(
      expect.objectContaining({
        code: 'ERR_CLI_SIGNED_OUT',
        message: expect.stringContaining(text),
      }),
    );
  });
});
