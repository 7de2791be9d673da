import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError, type Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { documentsOf } from '../../../test/harness/documents.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createProgram } from './program.ts';
import { runCommand } from './run-command.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function recorder(): Terminal & { text: () => string } {
  let text = '';
  return {
    env: { POSTERN_PROFILES: '/nonexistent/profiles.json' },
    columns: undefined,
    interactive: false,
    out: (more) => void (text += more),
    err: (more) => void (text += more),
    ask: () => Promise.reject(new Error('nobody')),
    readInput: () => Promise.resolve(''),
    text: () => text,
  };
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** The program with nothing behind its commands. */
function parser(): Command {
  const program = createProgram(recorder());
  for (const command of everyCommand(program)) {
    if (command.commands.length === 0) command.action(() => undefined);
  }
  return program;
}

/** The words of the first command on a line, as a shell takes them. */
function words(line: string): string[] {
  const tokens = line.match(/(?:[^\s"'|;&><()]|"(?:[^"\\]|\\.)*"|'[^']*')+|[|;&><()]/g) ?? [];
  const end = tokens.findIndex((token) => /^[|;&><()#]/.test(token));
  return (end < 0 ? tokens : tokens.slice(0, end)).map((token) => token.replace(/["']/g, ''));
}

/** Lines of a text that call the program, in code blocks and in code within sentences. */
function commandsIn(text: string): string[] {
  const joined = text.replace(/\\\n\s*/g, ' ');
  const lines = [
    ...joined.matchAll(
      /^\s*(?:\$ )?(?:cd \S+ && )?(?:[A-Z]+=\$\()?(?:postern|node cli\/dist\/main\.js) (.+)$/gm,
    ),
  ];
  const inline = [...joined.matchAll(/`postern ([^`\n]+)`/g)];
  return [...lines, ...inline].map(([, line]) => line!);
}

const unfinished = new Set(['commander.missingArgument', 'commander.missingMandatoryOptionValue']);

async function parses(line: string): Promise<void> {
  const given = words(line.replace(/\bPART\b/, 'router')).filter((word) => word !== '\\');
  const cut = given.findIndex((word) => word.includes('…') || word.includes('...'));
  if (cut < 0) {
    await parser()
      .parseAsync(given, { from: 'user' })
      .catch((error: unknown) => {
        // A sentence may name a command without saying what it is called with.
        if (!(error instanceof CommanderError)) throw error;
        const isNamed = unfinished.has(error.code) && given.length <= 3;
        if (!isNamed && error.exitCode !== 0) throw error;
      });
    return;
  }
  // Said in part: the words before must be commands.
  let command = parser();
  for (const word of given.slice(0, cut)) {
    const next = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    );
    if (!next) throw new Error(`no command "${word}" in "${line}"`);
    command = next;
  }
}

const commands = everyCommand(createProgram(recorder())).filter(
  (one) => !one.name().startsWith('__'),
);
const path = (command: Command): string =>
  command.parent ? `${path(command.parent)} ${command.name()}` : command.name();

describe('every command', () => {
  it('says what it does, and its help is short enough to read', () => {
    for (const command of commands) {
      expect(command.description(), path(command)).not.toBe('');
      expect(command.helpInformation().split('\n').length, path(command)).toBeLessThan(70);
    }
  });

  it('has help that ends well', async () => {
    const terminal = recorder();
    expect(await runCommand(['edge', 'create', 'service', '--help'], terminal)).toBe(0);
    expect(terminal.text()).toContain('--encryption');
  });

  it('gives examples that parse', async () => {
    for (const command of commands) {
      const terminal = recorder();
      command.configureOutput({ writeOut: (text) => terminal.out(text) });
      command.outputHelp();
      const [, examples = ''] = terminal.text().split('Examples:\n');
      for (const line of commandsIn(examples))
        await expect(parses(line), line).resolves.toBeUndefined();
    }
  });
});

describe('wrong usage', () => {
  it.each([
    [['ruoter', 'run'], 'Did you mean router?'],
    [['edge', 'lsit'], 'Did you mean list?'],
    [['edge', 'create', 'identty', 'x'], 'Did you mean identity?'],
    [['edge', 'list', 'services', '--fliter', 'x'], 'Did you mean --filter?'],
    [['edge', 'create', 'service'], "missing required argument 'name'"],
    [[], 'Usage: postern'],
    [['edge'], 'Usage: postern edge'],
  ])('postern %j', async (args, hint) => {
    const terminal = recorder();
    expect(await runCommand(args, terminal)).toBe(2);
    expect(terminal.text()).toContain(hint);
  });

  it('of a value is told before anything is asked of a controller', async () => {
    const terminal = recorder();
    expect(await runCommand(['edge', 'whoami'], terminal)).toBe(3);
    expect(terminal.text()).toContain('postern edge login <host:port>');
  });
});

const documents = documentsOf(root).map((name) => ({
  name,
  lines: commandsIn(readFileSync(join(root, name), 'utf8')),
}));

describe.each(documents.filter(({ lines }) => lines.length > 0))('$name', ({ lines }) => {
  it('names commands that exist, with options they take', async () => {
    for (const line of lines) await expect(parses(line), line).resolves.toBeUndefined();
  });
});
