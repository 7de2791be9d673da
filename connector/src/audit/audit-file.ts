/** Who asked for what: a line of JSON each, in a file that is this process's alone to write. */
import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';

/** Records waiting for the disk; beyond it they are dropped, and the log says how many. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** One request or TCP stream, when it ended. No query, header, cookie or body is in it. */
export interface AuditRecord {
  readonly kind: 'http' | 'tcp';
  /** Name. */
  readonly service: string;
  /** Id, as proved by the handshake. */
  readonly identityId: string;
  readonly sessionId: string;
  /** Origin of the pages that asked, where it is another than the application's. */
  readonly via?: string | undefined;
  readonly method?: string;
  readonly path?: string;
  /** 0: no answer was given. */
  readonly status?: number;
  readonly bytesToApp: number;
  readonly bytesToClient: number;
  readonly ms?: number;
  readonly error?: string | undefined;
}

export class AuditFile {
  readonly #path: string;
  readonly #logger: Logger;
  #stream: WriteStream;
  #dropped = 0;

  private constructor(path: string, logger: Logger, stream: WriteStream) {
    this.#path = path;
    this.#logger = logger;
    this.#stream = stream;
  }

  /** Opens the file for appending, made with mode 0600. @throws AppError `ERR_CONNECTOR_AUDIT_FILE` */
  static async open(path: string, logger: Logger): Promise<AuditFile> {
    return new AuditFile(path, logger, await append(path, logger));
  }

  write(record: AuditRecord): void {
    if (this.#stream.writableLength > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      this.#logger.error('audit.dropped', { records: this.#dropped });
      this.#dropped = 0;
    }
    this.#stream.write(`${JSON.stringify({ time: new Date().toISOString(), ...record })}\n`);
  }

  /**
   * Goes on in a file of the same name: the former may have been moved away.
   * @throws AppError `ERR_CONNECTOR_AUDIT_FILE`: the former is written on
   */
  async reopen(): Promise<void> {
    const next = await append(this.#path, this.#logger);
    this.#stream.end();
    this.#stream = next;
  }

  /** What was written is with the system then. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#stream.end(resolve));
  }
}

async function append(path: string, logger: Logger): Promise<WriteStream> {
  try {
    const stream = (await open(path, 'a', 0o600)).createWriteStream();
    stream.on('error', (error) => logger.error('audit.failed', { error }));
    return stream;
  } catch (cause) {
    throw new AppError('ERR_CONNECTOR_AUDIT_FILE', `${path} cannot be written`, { cause });
  }
}
