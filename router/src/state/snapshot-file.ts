/** The last policy held, on disk, so that a router starts and works without a controller. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@postern/node/files';
import type { Logger } from '@postern/shared/log';
import { snapshotSchema, type Snapshot } from '@postern/shared/schemas';

const FILE = 'snapshot.json';
/** Larger files are neither written nor read. */
const MAX_BYTES = 256 * 1024 * 1024;
const SAVE_DELAY_MS = 1_000;

export class SnapshotFile {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #take: () => Snapshot;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  /** `take` yields what is to be saved at the time of saving. */
  constructor(stateDir: string, take: () => Snapshot, logger: Logger) {
    this.#path = join(stateDir, FILE);
    this.#take = take;
    this.#logger = logger;
  }

  /** What was saved last; `undefined` if there is nothing usable. */
  async load(): Promise<Snapshot | undefined> {
    try {
      if ((await stat(this.#path)).size > MAX_BYTES) throw new Error('too large');
      return snapshotSchema.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing) this.#logger.warn('state.snapshot-unreadable', { error });
      return undefined;
    }
  }

  /** Saves soon; many calls cost one write. */
  scheduleSave(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#saving = this.#saving.then(() => this.#save());
    }, SAVE_DELAY_MS);
  }

  /** Writes what is still due. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#saving = this.#saving.then(() => this.#save());
    }
    await this.#saving;
  }

  async #save(): Promise<void> {
    try {
      const text = JSON.stringify(this.#take());
      if (text.length > MAX_BYTES) throw new Error('too large');
      await writeDurably(this.#path, text);
    } catch (error) {
      this.#logger.error('state.snapshot-not-saved', { error });
    }
  }
}
