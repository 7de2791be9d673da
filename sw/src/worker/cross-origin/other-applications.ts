/** Connections to other applications that pages here send requests to, one each. */
import type { SecureSession } from '@postern/shared/protocol/session';
import type { ServiceConnection } from '@postern/shared/protocol/client';

/** Held at once; the one not used for longest is closed first. */
const MAX_CONNECTIONS = 16;

type Connection = Pick<ServiceConnection, 'session' | 'close' | 'isBusy'>;

export class OtherApplications {
  readonly #connect: (origin: string) => Connection;
  readonly #connections = new Map<string, Connection>();

  constructor(connect: (origin: string) => Connection) {
    this.#connect = connect;
  }

  get isBusy(): boolean {
    return [...this.#connections.values()].some(({ isBusy }) => isBusy);
  }

  /** Rejects like `ServiceConnection.session`, with the other application's refusals. */
  session(origin: string): Promise<SecureSession> {
    const connection = this.#connections.get(origin) ?? this.#connect(origin);
    this.#connections.delete(origin);
    this.#connections.set(origin, connection);
    const [oldest] = this.#connections;
    if (this.#connections.size > MAX_CONNECTIONS && oldest !== undefined) {
      this.#connections.delete(oldest[0]);
      oldest[1].close();
    }
    return connection.session();
  }

  /** Ends all, and forgets what they were authorised by. */
  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }
}
