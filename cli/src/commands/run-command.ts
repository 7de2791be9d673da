import { parseArgs } from 'node:util';
import { isAppError } from '@postern/shared/errors';
import { checkConfig, runPart } from './part.ts';
import { isPartName, partNames } from './parts.ts';
import { runDemo } from '../demo/run-demo.ts';

const usage = `Usage:
  postern demo [--json] [--port N] [--data DIR] [--app NAME=http://127.0.0.1:PORT]... [--keep]
  postern PART run [--config FILE] [--set path=value]...
  postern PART config check [--config FILE] [--set path=value]...

PART is one of ${partNames.join(', ')}.
`;

/**
 * Runs one command line and returns the exit code: 0 done, 1 failed, 2 wrong usage.
 * @param args Words after the program name.
 */
export async function runCommand(args: string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    // The one place where an error of ours becomes a line for a person; others keep their stack.
    const text = isAppError(error) ? `${error.message} (${error.code})` : describe(error);
    process.stderr.write(`postern: ${text}\n`);
    return 1;
  }
}

async function dispatch(args: string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'help' || args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  if (command === 'demo') return runDemo(rest);
  if (command !== undefined && isPartName(command)) {
    const isCheck = rest[0] === 'config' && rest[1] === 'check';
    if (isCheck || rest[0] === 'run') {
      const { values } = parseArgs({
        args: rest.slice(isCheck ? 2 : 1),
        options: {
          config: { type: 'string' },
          set: { type: 'string', multiple: true, default: [] },
        },
      });
      const sources = { file: values.config, env: process.env, set: values.set };
      return isCheck ? checkConfig(command, sources) : runPart(command, sources);
    }
  }
  process.stderr.write(usage);
  return 2;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
    ? `${error.message}\n${usage}`
    : (error.stack ?? error.message);
}
