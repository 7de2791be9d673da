import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { AppError } from '@postern/shared/errors';
import { MAX_INPUT_BYTES, type Terminal } from './terminal.ts';

/** The terminal this process runs in. */
export function createProcessTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const interactive = stdin.isTTY && stderr.isTTY;
  return {
    env,
    columns: stdout.isTTY ? stdout.columns : undefined,
    interactive,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    async ask(question, { hidden = false } = {}) {
      if (!interactive) {
        throw new AppError(
          'ERR_CLI_NO_TERMINAL',
          `Cannot ask "${question.trim()}" without a terminal: give it as an option (see --help)`,
        );
      }
      stderr.write(question);
      // Readline echoes through its output: to nowhere, when nobody may see it.
      const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr;
      const lines = createInterface({ input: stdin, output, terminal: true });
      const abort = new AbortController();
      lines.once('SIGINT', () => abort.abort());
      try {
        return await lines.question('', { signal: abort.signal });
      } catch (cause) {
        throw new AppError('ERR_CLI_NO_TERMINAL', 'Interrupted', { cause });
      } finally {
        lines.close();
        if (hidden) stderr.write('\n');
      }
    },
    async readInput() {
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of stdin as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > MAX_INPUT_BYTES) {
          throw new AppError(
            'ERR_CLI_INPUT',
            `Standard input is longer than ${MAX_INPUT_BYTES} bytes`,
          );
        }
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
