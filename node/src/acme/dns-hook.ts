/** Sets and removes TXT records for DNS-01 (RFC 8555 §8.4) by the operator's program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { AppError } from '@postern/shared/errors';

export interface DnsHookOptions {
  /** File of the program; not a shell's command line. */
  program: string;
  timeoutMs: number;
}

/**
 * Runs the hook and waits for its end. What it writes on stderr goes to that of this process, what it writes
 * on stdout nowhere.
 *
 * @param name of the record, such as `_acme-challenge.apps.example.com`
 * @throws AppError `ERR_ACME_HOOK` when it cannot be run, fails, or takes too long
 */
export async function runDnsHook(
  { program, timeoutMs }: DnsHookOptions,
  action: 'add' | 'remove',
  name: string,
  value: string,
  signal?: AbortSignal,
): Promise<void> {
  const file = resolve(program);
  const overdue = AbortSignal.timeout(timeoutMs);
  const child = spawn(file, [action, name, value], {
    stdio: ['ignore', 'ignore', 'inherit'],
    signal: signal ? AbortSignal.any([signal, overdue]) : overdue,
    killSignal: 'SIGKILL',
  });
  let ended: [number | null, string | null];
  try {
    ended = (await once(child, 'close')) as [number | null, string | null];
  } catch (cause) {
    const why = overdue.aborted
      ? `was killed after ${timeoutMs} ms (dnsHookTimeoutMs)`
      : `cannot be run: ${cause instanceof Error ? cause.message : 'unknown'}`;
    throw failed(`${file} ${action} ${name} ${why}`, cause);
  }
  const [status, killed] = ended;
  if (status !== 0)
    throw failed(`${file} ${action} ${name} ended with ${killed ?? String(status)}`);
}

function failed(message: string, cause?: unknown): AppError {
  return new AppError('ERR_ACME_HOOK', `the DNS hook ${message}`, { cause });
}
