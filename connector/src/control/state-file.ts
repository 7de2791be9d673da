import { readFile } from 'node:fs/promises';
import { writeDurably } from '@postern/node/files';
import { hostStateSchema, type HostState } from '@postern/shared/schemas';

/** The last state a controller sent, kept so that a restart during an outage can still host. */
export class StateFile {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** `undefined` when there is none or it is of an older form: the controller will send a new one. */
  async read(): Promise<HostState | undefined> {
    try {
      return hostStateSchema.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** Writes whole or not at all, in call order. */
  write(state: HostState): Promise<void> {
    const write = () => writeDurably(this.#path, JSON.stringify(state));
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }
}
