/** Keeps a control channel to one of the controllers open for as long as the router runs. */
import { createSocketPipe, runChannel } from '@postern/node/channel';
import { CertificateRenewal, renewOverControl, type Credential } from '@postern/node/enroll';
import { Backoff, CONTROL_MAX_MS, keepConnected } from '@postern/node/retry';
import { dialTls } from '@postern/node/tls';
import type { Logger } from '@postern/shared/log';
import { ControlConnection } from '@postern/shared/protocol/control';
import {
  CONTROL_ALPN,
  type CircuitEvent,
  type CloseCircuit,
  type Inspect,
  type Inspected,
  type RouterCircuits,
  type RouterStatus,
  type RouterTerminators,
} from '@postern/shared/schemas';
import type { OwnIdentity } from '../enroll/identity-store.ts';
import type { RouterState } from '../state/router-state.ts';

/** Status and terminators are collected this long before they are reported. */
const REPORT_DELAY_MS = 20;

interface ControllerChannelDeps {
  routerId: string;
  trustDomain: string;
  identity: OwnIdentity;
  /** Names and addresses of the router's own listeners. */
  serverNames: readonly string[];
  addresses: readonly string[];
  state: RouterState;
  status: () => RouterStatus;
  terminators: () => RouterTerminators;
  circuits: () => RouterCircuits;
  onCloseCircuit: (message: CloseCircuit) => void;
  /** Never rejects. */
  inspect: (question: Inspect) => Promise<Inspected>;
  timeoutMs: number;
  logger: Logger;
}

export class ControllerChannel {
  readonly #deps: ControllerChannelDeps;
  readonly #backoff = new Backoff({ maxMs: CONTROL_MAX_MS });
  readonly #abort = new AbortController();
  readonly #renewal: CertificateRenewal;
  #connection: ControlConnection | undefined;
  #reportTimer: NodeJS.Timeout | undefined;

  constructor(deps: ControllerChannelDeps) {
    this.#deps = deps;
    const { identity, serverNames } = deps;
    this.#renewal = new CertificateRenewal({
      present: () => {
        const { key, clientCert: cert, ca } = identity.current;
        return { key, cert, ca };
      },
      serverNames,
    });
  }

  start(): void {
    const { addresses, logger } = this.#deps;
    let attempts = 0;
    void keepConnected(
      async (signal) => {
        const address = addresses[attempts++ % addresses.length];
        if (address !== undefined) await this.#run(address, signal);
      },
      this.#backoff,
      this.#abort.signal,
      (error) => logger.debug('control.connection-failed', { error }),
    );
  }

  /** Links, addresses or terminators changed: reported soon, once for several changes. */
  report(): void {
    this.#reportTimer ??= setTimeout(() => {
      this.#reportTimer = undefined;
      this.#send((connection) => {
        connection.sendStatus(this.#deps.status());
        connection.sendTerminators(this.#deps.terminators());
      });
    }, REPORT_DELAY_MS);
  }

  /** Reports a circuit's begin or end; while no controller is connected, the next one hears of all. */
  circuitEvent(event: CircuitEvent): void {
    this.#send((connection) => connection.sendCircuitEvent(event));
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#reportTimer);
    this.#connection?.close();
  }

  #send(work: (connection: ControlConnection) => void): void {
    if (this.#connection?.isOpen !== true) return;
    try {
      work(this.#connection);
    } catch (error) {
      this.#deps.logger.warn('control.send-failed', { error });
      this.#connection.close();
    }
  }

  #keep({ key, cert: clientCert, serverCert = clientCert, ca }: Credential): Promise<void> {
    const { identity } = this.#deps;
    return identity.replace({ ...identity.current, key, clientCert, serverCert, ca });
  }

  /** One connection from dial to end. */
  async #run(address: string, signal: AbortSignal): Promise<void> {
    const { identity, state, trustDomain, routerId, timeoutMs, logger } = this.#deps;
    const { circuits, onCloseCircuit, inspect } = this.#deps;
    const { key, clientCert: cert, ca } = identity.current;
    const expected = { role: 'controller', id: '', trustDomain } as const;
    const socket = await dialTls({
      address,
      alpn: CONTROL_ALPN,
      key,
      cert,
      ca,
      timeoutMs,
      expected,
      signal,
    });
    const connection: ControlConnection = new ControlConnection({
      pipe: createSocketPipe(socket),
      ownId: routerId,
      logger,
      onSnapshot: (snapshot) => state.load(snapshot),
      onDelta: (delta) => state.apply(delta),
      onCloseCircuit,
      onInspect: (question) => {
        void inspect(question).then((answer) => {
          // To the controller that asked, if it is still there.
          if (this.#connection === connection) this.#send((to) => to.sendInspected(answer));
        });
      },
      ...renewOverControl(
        this.#renewal,
        (successor) => this.#keep(successor),
        () => connection,
        logger,
      ),
    });
    this.#connection = connection;
    runChannel(socket, connection, () => connection.limits);
    try {
      await connection.opened;
      connection.subscribe(state.position);
      connection.sendCircuits(circuits());
      state.connected = true;
      this.#backoff.reset();
      logger.info('control.connected', { address });
      this.report();
      const why = await connection.closed;
      logger.warn('control.lost', { address, code: why.code, detail: why.message });
    } finally {
      state.connected = false;
      this.#connection = undefined;
      socket.destroy();
    }
  }
}
