/** The `postern` command in this process: what it prints is kept, what it asks is answered. */
import { join } from 'node:path';
import { runCommand } from '../../cli/src/commands/run-command.ts';
import type { Terminal } from '../../cli/src/terminal/terminal.ts';

export interface CliRun {
  status: number;
  stdout: string;
  stderr: string;
}

export interface CliInput {
  /** What a person types, in the order of the questions; without it nobody is there to answer. */
  answers?: string[];
  stdin?: string;
  columns?: number;
}

export interface Cli {
  /** Runs one command line. */
  run(args: readonly string[], input?: CliInput): Promise<CliRun>;
  /** Runs one that has to succeed and returns what it printed. */
  ok(...args: string[]): Promise<string>;
  /** `data` of what it printed with `--json`. */
  json(...args: string[]): Promise<any>;
  /** Questions asked so far, with how they were asked. */
  readonly questions: { question: string; hidden: boolean }[];
  readonly profiles: string;
}

/** @param folder where its profiles are kept */
export function createCli(folder: string): Cli {
  const profiles = join(folder, 'profiles.json');
  const questions: Cli['questions'] = [];
  const run: Cli['run'] = async (args, { answers, stdin = '', columns } = {}) => {
    let stdout = '';
    let stderr = '';
    const left = [...(answers ?? [])];
    const terminal: Terminal = {
      env: { POSTERN_PROFILES: profiles },
      columns,
      interactive: answers !== undefined,
      out: (text) => void (stdout += text),
      err: (text) => void (stderr += text),
      ask: (question, { hidden = false } = {}) => {
        questions.push({ question, hidden });
        const answer = left.shift();
        return answer === undefined
          ? Promise.reject(new Error(`nobody answers "${question}"`))
          : Promise.resolve(answer);
      },
      readInput: () => Promise.resolve(stdin),
    };
    const status = await runCommand(args, terminal);
    return { status, stdout, stderr };
  };
  const ok: Cli['ok'] = async (...args) => {
    const { status, stdout, stderr } = await run(args);
    if (status !== 0) throw new Error(`postern ${args.join(' ')} exited ${status}: ${stderr}`);
    return stdout;
  };
  return {
    run,
    ok,
    json: async (...args) => JSON.parse(await ok(...args, '--json')).data,
    questions,
    profiles,
  };
}
