import { Option, type Command } from 'commander';
import type { DoctorFlags } from '../doctor/run-doctor.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { examples, repeatable } from './option-forms.ts';
import { sources, withConfig, type ConfigFlags } from './part-commands.ts';

/** `postern doctor` */
export function addDoctorCommand(program: Command, terminal: Terminal): void {
  withConfig(
    program
      .command('doctor')
      .summary('what is wrong with a part’s set-up, and what to do about it')
      .description(
        'Looks at one part on its host: configuration, files, disk, DNS, ports, certificates, clock, and whether controller, app and identity provider answer. The exit code is 0 unless something failed.',
      )
      .addOption(
        new Option('--part <part>', 'which part the configuration is for').choices([
          'controller',
          'router',
          'connector',
          'gateway',
        ]),
      ),
  )
    .addOption(repeatable('--issuer <url>', 'also look at this identity provider'))
    .option('-j, --json', 'findings as JSON')
    .addHelpText(
      'after',
      examples(
        'postern doctor --part router --config router.yaml',
        'postern doctor --issuer https://idp.example.com/realms/staff',
      ),
    )
    .action(async (flags: DoctorFlags & ConfigFlags) => {
      const { runDoctor } = await import('../doctor/run-doctor.ts');
      await runDoctor(flags, sources(flags), terminal);
    });
}
