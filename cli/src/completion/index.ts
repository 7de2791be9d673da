import { Argument, type Command } from 'commander';
import { examples } from '../commands/option-forms.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { complete } from './complete.ts';
import { completionScripts, shells, type Shell } from './scripts.ts';

/** `postern completion SHELL`, and what its scripts ask. */
export function addCompletionCommands(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .summary('completion of this command in your shell')
    .description('Print what your shell loads to complete postern')
    .addArgument(new Argument('<shell>', 'which').choices(shells))
    .addHelpText(
      'after',
      examples(
        'source <(postern completion bash)',
        'postern completion zsh > "\${fpath[1]}/_postern"',
        'postern completion fish > ~/.config/fish/completions/postern.fish',
      ),
    )
    .action((shell: Shell) => terminal.out(completionScripts[shell]));
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => {
      for (const candidate of complete(program, words)) terminal.out(`${candidate}\n`);
    });
}
