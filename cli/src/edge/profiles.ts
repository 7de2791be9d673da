import { readFile } from 'node:fs/promises';
import { isAppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import { z } from 'zod';
import { EdgeClient } from '../client/edge-client.ts';
import { examples } from '../commands/option-forms.ts';
import { memberAt } from '../entities/index.ts';
import {
  chooseProfile,
  profilesPath,
  readProfiles,
  writeProfiles,
} from '../profiles/profile-store.ts';
import { printable } from '../terminal/printable.ts';
import { renderTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { openProfile, targetOf, withClient, withSession, type SessionFlags } from './session.ts';
import { printYaml } from './show.ts';

/** `postern edge logout`, `use`, `whoami` and `version`: the profiles, and who one is. */
export function addProfileCommands(edge: Command, terminal: Terminal): void {
  const path = profilesPath(terminal.env);

  edge
    .command('logout')
    .description('End the session and forget its token')
    .option('-i, --profile <name>', 'which sign-in (default: the current one)')
    .action(async (flags: SessionFlags) => {
      const profiles = await readProfiles(path);
      const { name, profile } = chooseProfile(profiles, flags.profile);
      if (profile.token !== undefined) {
        const client = new EdgeClient(targetOf(profile));
        try {
          await client.call('DELETE', 'current-api-session');
        } catch (error) {
          // What ended already, or cannot be reached, is forgotten all the same.
          if (!isAppError(error)) throw error;
          if (error.code !== 'ERR_CLI_SIGNED_OUT')
            terminal.err(`The session could not be ended there: ${error.message}\n`);
        } finally {
          await client.close();
        }
      }
      delete profile.token;
      await writeProfiles(path, profiles);
      terminal.out(printable(`Signed out of ${profile.origin} (profile ${name})\n`));
    });

  edge
    .command('use')
    .description('Choose the profile that commands use, or list them all')
    .argument('[profile]', 'its name')
    .option(
      '-d, --delete',
      'forget that profile instead; its session goes on until it ends by itself',
    )
    .addHelpText('after', examples('postern edge use', 'postern edge use production'))
    .action(async (wanted: string | undefined, flags: { delete?: boolean }) => {
      const profiles = await readProfiles(path);
      if (wanted === undefined) {
        const rows = Object.entries(profiles.profiles).map(
          ([name, { origin, identity, token }]) => [
            name === profiles.current ? '*' : '',
            name,
            origin,
            identity ?? '',
            token === undefined ? 'no' : 'yes',
          ],
        );
        terminal.out(
          renderTable(
            ['', 'profile', 'controller', 'identity', 'signed in'],
            rows,
            terminal.columns,
          ),
        );
        return;
      }
      const { name } = chooseProfile(profiles, wanted);
      if (flags.delete) {
        profiles.profiles = Object.fromEntries(
          Object.entries(profiles.profiles).filter(([other]) => other !== name),
        );
        if (profiles.current === name) delete profiles.current;
      } else profiles.current = name;
      await writeProfiles(path, profiles);
      terminal.out(
        printable(flags.delete ? `Forgot profile ${name}\n` : `Using profile ${name}\n`),
      );
    });

  withSession(edge.command('whoami').description('Who is signed in, where, and until when')).action(
    async (flags: SessionFlags) => {
      const { name, profile } = await openProfile(terminal, flags);
      await withClient(terminal, flags, async (client) => {
        const { text, data } = await client.call('GET', 'current-identity');
        if (flags.json) {
          terminal.out(`${text}\n`);
          return;
        }
        const session = await client.detail('current-api-session');
        printYaml(terminal, {
          identity: memberAt(data, 'name'),
          id: memberAt(data, 'id'),
          admin: memberAt(data, 'isAdmin'),
          permissions: memberAt(data, 'permissions'),
          authPolicy: memberAt(data, 'authPolicy.name'),
          controller: profile.origin,
          profile: name,
          sessionExpires: session['expiresAt'],
        });
      });
    },
  );

  withSession(
    edge.command('version').description('Versions of this program and of the controller'),
  ).action(async (flags: SessionFlags) => {
    const { profile } = await openProfile(terminal, flags);
    const client = new EdgeClient({ ...targetOf(profile), token: undefined });
    try {
      const { text, data } = await client.call('GET', 'version');
      if (flags.json) {
        terminal.out(`${text}\n`);
        return;
      }
      printYaml(terminal, { postern: await ownVersion(), controller: data });
    } finally {
      await client.close();
    }
  });
}

/** The version of this package. */
async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
