import { open } from 'node:fs/promises';
import { AppError } from '@postern/shared/errors';
import { MAX_INPUT_BYTES, type Terminal } from './terminal.ts';

/**
 * A value from where it is: `@file`, `-` for standard input, or as it stands.
 * @throws AppError `ERR_CLI_INPUT` when it cannot be read or is longer than {@link MAX_INPUT_BYTES}
 */
export async function readValue(terminal: Terminal, text: string): Promise<string> {
  if (text === '-') return terminal.readInput();
  return text.startsWith('@') ? readFileBounded(text.slice(1)) : text;
}

/** A file's text. @throws AppError `ERR_CLI_INPUT` */
export async function readFileBounded(path: string, maxBytes = MAX_INPUT_BYTES): Promise<string> {
  let file;
  try {
    file = await open(path);
    const { size } = await file.stat();
    if (size <= maxBytes) return await file.readFile('utf8');
  } catch (cause) {
    throw new AppError('ERR_CLI_INPUT', `Cannot read ${path}: ${String(cause)}`, { cause });
  } finally {
    await file?.close();
  }
  throw new AppError('ERR_CLI_INPUT', `${path} is longer than ${maxBytes} bytes`);
}

/**
 * A secret, from the file named (`-`: standard input) or typed without echo. Never from the command
 * line, which every user of the machine can read.
 * @throws AppError `ERR_CLI_INPUT`, `ERR_CLI_NO_TERMINAL`
 */
export async function readSecret(
  terminal: Terminal,
  question: string,
  file: string | undefined,
): Promise<string> {
  if (file === undefined) return terminal.ask(`${question}: `, { hidden: true });
  const text = await readValue(terminal, file === '-' ? '-' : `@${file}`);
  return text.replace(/\r?\n$/, '');
}
