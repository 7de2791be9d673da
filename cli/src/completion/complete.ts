import type { Command, Option } from 'commander';

/**
 * What a command line may go on with. Walks the commands as the parser would, so that completion never
 * knows other commands than there are.
 *
 * @param words what stands after the program's name; the last is being typed, and may be empty
 * @returns candidates for the last word; none: a name, a value or a file that only the user knows
 */
export function complete(program: Command, words: readonly string[]): string[] {
  const typed = words.at(-1) ?? '';
  let command = program;
  let awaited: Option | undefined;
  let operands = 0;
  for (const word of words.slice(0, -1)) {
    if (awaited) awaited = undefined;
    else if (word.startsWith('-')) awaited = optionOf(command, word);
    else {
      const next = subcommandOf(command, word);
      if (next) command = next;
      else operands += 1;
    }
  }
  if (awaited) return startingWith(typed, awaited.argChoices ?? []);
  if (typed.startsWith('-')) return startingWith(typed, longOptions(command));
  const names = command.commands.filter((one) => !isHidden(one)).map((one) => one.name());
  const choices = command.registeredArguments[operands]?.argChoices ?? [];
  return startingWith(typed, [...names, ...choices]);
}

function startingWith(typed: string, candidates: readonly string[]): string[] {
  return candidates.filter((candidate) => candidate.startsWith(typed));
}

function subcommandOf(command: Command, word: string): Command | undefined {
  return command.commands.find((one) => one.name() === word || one.aliases().includes(word));
}

/** The option, if it takes a value that comes as the next word. */
function optionOf(command: Command, word: string): Option | undefined {
  const option = command.options.find(({ short, long }) => word === short || word === long);
  return option?.required ? option : undefined;
}

function longOptions(command: Command): string[] {
  const own = command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []);
  return [...own, '--help'].sort();
}

function isHidden(command: Command): boolean {
  return command.name().startsWith('__');
}
