import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { createLogger } from '../process/logger.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { examples } from './option-forms.ts';
import { sources, withConfig, type ConfigFlags } from './part-commands.ts';

/** Adds `postern router enroll`: enrolment apart from running, for images and installers. */
export function addRouterEnrollment(router: Command, terminal: Terminal): void {
  withConfig(
    router
      .command('enroll')
      .description(
        'Spend the enrollment token and keep the identity; "run" does so too when needed',
      ),
  )
    .option('--jwt <file>', 'the token (default: enrollmentJwtFile of the configuration)')
    .addHelpText('after', examples('postern router enroll --config router.yaml --jwt router-1.jwt'))
    .action(async ({ jwt, ...flags }: ConfigFlags & { jwt?: string }) => {
      const { enrollRouter, routerConfigSchema } = await import('@postern/router');
      const given = sources(flags);
      const set = jwt === undefined ? given.set : [...given.set, `enrollmentJwtFile=${jwt}`];
      const config = await loadConfig('router', routerConfigSchema, { ...given, set });
      const routerId = await enrollRouter(config, { logger: createLogger('router') });
      terminal.out(`Enrolled as router ${routerId}; identity kept in ${config.stateDir}\n`);
    });
}
