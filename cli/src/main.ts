#!/usr/bin/env node
/** Entry of the `postern` command: the only place that touches argv, signals and exit codes. */
import { runCommand } from './commands/run-command.ts';

process.exitCode = await runCommand(process.argv.slice(2));
