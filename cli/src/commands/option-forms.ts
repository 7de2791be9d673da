import { Option } from 'commander';

/** Text under a command's options: lines a person can type. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** An option that may be given several times. */
export function repeatable(flags: string, help: string): Option {
  return new Option(flags, help).argParser((value: string, before: string[] | undefined) => [
    ...(before ?? []),
    value,
  ]);
}
