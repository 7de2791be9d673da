/** Puts the runtime for web workers into their scripts, as the first thing that runs. */
import { codeBefore, readPrologue } from '../../script/prologue.ts';
import type { WorkerNeeds } from './csp.ts';
import type { ReadChunk } from './inject.ts';

/** How far a script is read to find its first statement; beyond, it counts as a classic, sloppy one. */
const MAX_PROLOGUE_BYTES = 65_536;

/** Where modules import the runtime from: their imports run before what stands beside them. */
export const WORKER_RUNTIME_PATH = '/.postern/worker-runtime.js';

export interface WorkerRuntime {
  /** One line of ASCII that runs the same in classic scripts and in modules. */
  source: string;
  /** Where modules import it from. */
  path: string;
  needs: WorkerNeeds;
}

/** The runtime as a script of its own. */
export function workerRuntimeScript(source: string): Response {
  return new Response(source, {
    headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-store' },
  });
}

/** `read`, a worker's script, with the runtime before it. Lines keep their numbers. */
export async function injectIntoWorker(
  read: ReadChunk,
  { source, path }: Pick<WorkerRuntime, 'source' | 'path'>,
): Promise<ReadChunk> {
  // Worker scripts are UTF-8 whatever they say (HTML §8.1.4.2), so bytes stay as they are but for a mark.
  const decoder = new TextDecoder();
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let text = '';
  let prologue;
  while (prologue === undefined) {
    const chunk = await read();
    if (chunk !== undefined) {
      held.push(chunk);
      heldBytes += chunk.length;
      text += decoder.decode(chunk, { stream: true });
    }
    prologue = readPrologue(text, chunk === undefined || heldBytes >= MAX_PROLOGUE_BYTES);
  }
  const code = codeBefore(prologue, prologue.isModule ? `import "${path}";` : source);
  const parts = [new TextEncoder().encode(text.slice(0, prologue.at) + code)];
  let skip = prologue.at === 0 ? 0 : new TextEncoder().encode(text.slice(0, prologue.at)).length;
  for (const chunk of held) {
    parts.push(chunk.slice(Math.min(skip, chunk.length)));
    skip = Math.max(0, skip - chunk.length);
  }
  const queue = parts.filter(({ length }) => length > 0);
  return () => {
    const first = queue.shift();
    return first === undefined ? read() : Promise.resolve(first);
  };
}
