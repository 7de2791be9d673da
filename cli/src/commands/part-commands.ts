import type { Command } from 'commander';
import type { Terminal } from '../terminal/terminal.ts';
import type { ConfigSources } from '../config/load.ts';
import { addRouterEnrollment } from './enroll-router.ts';
import { examples, repeatable } from './option-forms.ts';
import { addBackupCommands } from './backup.ts';
import { checkConfig, runPart } from './part.ts';
import { partNames, type PartName } from './parts.ts';

export interface ConfigFlags {
  config?: string;
  set?: string[];
}

const summaries: Record<PartName, string> = {
  controller: 'who may reach what; REST, sign-in, certificates',
  router: 'carries encrypted circuits',
  connector: 'beside the apps: hosts services',
  gateway: 'serves the loader and the login pages to browsers',
  'dev-idp': 'an identity provider for development, never for production',
};

/** `postern PART run` and `postern PART config check`, for every part. */
export function addPartCommands(program: Command, terminal: Terminal): void {
  for (const name of partNames) {
    const part = program.command(name).summary(summaries[name]).description(summaries[name]);
    withConfig(part.command('run').description(`Run the ${name} until it is told to stop`))
      .addHelpText('after', examples(`postern ${name} run --config ${name}.yaml`))
      .action((flags: ConfigFlags) => runPart(name, sources(flags)));
    withConfig(
      part
        .command('config')
        .description('The configuration')
        .command('check')
        .description('Print the configuration that would be used, secrets redacted'),
    ).action((flags: ConfigFlags) => checkConfig(name, sources(flags)));
    if (name === 'controller') addBackupCommands(part, terminal);
    if (name === 'router') addRouterEnrollment(part, terminal);
  }
}

/** Adds the options by which a part is configured. */
export function withConfig(command: Command): Command {
  return command
    .option('--config <file>', 'settings as YAML or JSON')
    .addOption(repeatable('--set <path=value>', 'one setting, such as edge.port=8443'));
}

/** Where the settings of {@link withConfig} come from. */
export function sources({ config, set = [] }: ConfigFlags): ConfigSources {
  return { file: config, env: process.env, set };
}
