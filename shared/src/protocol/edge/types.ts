/**
 * One circuit as an end sees it, and the connection that carries circuits.
 * Used by the service worker (WebSocket) and by connectors (mutual TLS). No I/O here: bytes come and
 * go through an injected {@link FramePipe}.
 */

/** Carries whole channel frames (docs/protocol.md, "Channel") both ways, ordered and reliable. */
export interface FramePipe {
  /** Queues one frame, whose buffer nobody may change from now on. Never throws: once closed, it drops. */
  send(frame: Uint8Array): void;
  /** Bytes accepted by `send` that the operating system has not taken yet. */
  readonly bufferedBytes: number;
  close(): void;
}

/** Why a circuit or connection ended. `code` is an error code such as `ERR_ACCESS_REMOVED`. */
export interface CloseReason {
  code: `ERR_${string}` | 'OK';
  message: string;
  retryable: boolean;
}

/**
 * A joined circuit: ordered, reliable messages of at most `maxMessageBytes`, with byte credits from
 * end to end. Handlers are set once by the consumer before any await; messages that came earlier are
 * held (bounded by the window).
 */
export interface Circuit {
  readonly circuitId: string;
  readonly maxMessageBytes: number;
  /**
   * Sends one message. Never blocks; throws `ERR_CIRCUIT_CLOSED`. A sender must await
   * {@link Circuit.ready} when {@link Circuit.creditBytes} is below what it wants to send.
   */
  send(message: Uint8Array): void;
  /** Bytes of free room that {@link Circuit.sendInPlace} needs in front of a message. */
  readonly headroomBytes?: number;
  /**
   * Like `send`, without a copy: the message starts at `headroomBytes` of `buffer`, which nobody else
   * may change from now on: the circuit writes its own header into it. Optional; absent means use `send`.
   */
  sendInPlace?(buffer: Uint8Array): void;
  /** Bytes that may be sent now without exceeding the circuit's window. */
  readonly creditBytes: number;
  /** Messages sent so far. */
  readonly sentMessages?: number;
  /**
   * Told how many of the messages sent were consumed by the other end, as the routers between say.
   * What they cover need not be kept for sending again.
   */
  onConsumed?: ((messages: number) => void) | undefined;
  /** Resolves when at least `bytes` may be sent; rejects when the circuit closes or `signal` aborts. */
  ready(bytes: number, signal?: AbortSignal): Promise<void>;
  /** Called once per message, in order; `flags` are 0 but from SDKs of OpenZiti. The circuit returns credit when the handler returns or its promise settles. */
  onMessage: ((message: Uint8Array, flags?: number) => void | Promise<void>) | undefined;
  /** Sends a message with flags (header 1010), on circuits to SDKs of OpenZiti. Absent elsewhere. */
  sendFlagged?(message: Uint8Array, flags: number): void;
  onClose: ((reason: CloseReason) => void) | undefined;
  close(reason?: CloseReason): void;
}
