/** The process that decodes: `node main.mjs FRAMES SEED`, a line of JSON for each decoder. */
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../shared/src/errors/index.ts';
import { Random } from '../harness/random.ts';
import { decoders } from './decoders.ts';
import { malformed } from './mutate.ts';

/** After so many frames what they began comes to its end, as between the reads of a socket. */
const BATCH = 256;

// A stack for each refusal would take longer than all decoding.
Error.stackTraceLimit = 0;

const [frames = 0, seed = 1] = process.argv.slice(2).map(Number);
for (const [index, { name, seeds, decode }] of decoders.entries()) {
  const random = new Random(seed * 1_000 + index);
  const decoded = { whole: 0, refused: 0 };
  const refuse = (bytes: Uint8Array, error: unknown): void => {
    if (!(error instanceof AppError)) {
      process.stderr.write(`${name}: ${Buffer.from(bytes).toString('hex')}\n`);
      throw error;
    }
    decoded.refused += 1;
  };
  let waiting: Promise<void>[] = [];
  for (let frame = 0; frame < frames; frame += 1) {
    const bytes = malformed(random, seeds);
    try {
      const result = decode(bytes, random);
      if (result instanceof Promise) {
        waiting.push(
          result.then(
            () => void (decoded.whole += 1),
            (error: unknown) => refuse(bytes, error),
          ),
        );
      } else decoded.whole += 1;
    } catch (error) {
      refuse(bytes, error);
    }
    if (frame % BATCH === BATCH - 1) {
      await Promise.all(waiting);
      await setImmediate();
      waiting = [];
    }
  }
  await Promise.all(waiting);
  process.stdout.write(`${JSON.stringify({ name, frames, ...decoded })}\n`);
}
