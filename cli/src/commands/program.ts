import { Command } from 'commander';
import { addCompletionCommands } from '../completion/index.ts';
import { addEdgeCommand, addFabricCommand } from '../edge/index.ts';
import { addNetworkCommands } from '../network/index.ts';
import { addExposeCommand } from '../share/command.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { addTunnelCommand } from '../tunnel/index.ts';
import { addAuditCommand } from './audit.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { addInitCommand } from './init.ts';
import { addPartCommands } from './part-commands.ts';

/**
 * The whole command line. Every action throws on failure; `runCommand` alone turns that into text and
 * an exit code.
 */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('postern')
    .description('Private web apps by their URL, with nothing installed in the browser.')
    .helpOption('-h, --help', 'what a command does and takes')
    .helpCommand('help [command]', 'the same as --help')
    // What follows a command is that command's own: `__complete -- …` needs its dashes.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for what this command takes)')
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => terminal.columns ?? 100,
      getErrHelpWidth: () => terminal.columns ?? 100,
      outputError: (text, write) => write(text.replace(/^error:/, 'postern:')),
    })
    .exitOverride();
  addDemoCommand(program, terminal);
  addExposeCommand(program, terminal);
  addInitCommand(program, terminal);
  addDoctorCommand(program, terminal);
  addEdgeCommand(program, terminal);
  addFabricCommand(program, terminal);
  addNetworkCommands(program, terminal);
  addTunnelCommand(program, terminal);
  addPartCommands(program, terminal);
  addAuditCommand(program, terminal);
  addCompletionCommands(program, terminal);
  return program;
}
