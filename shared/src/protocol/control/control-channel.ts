/**
 * One end of a control channel (docs/protocol.md, "Control channel"): Hello and its answer, JSON
 * messages both ways, liveness. The controller uses it as it is, with role `server`; routers and
 * connectors through ControlConnection. Who the peer is, its TLS certificate has said.
 */
import { encodeUtf8 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import { silentLogger } from '../../log/index.ts';
import type { Logger } from '../../log/index.ts';
import {
  CONTROL_LIMITS,
  ContentType,
  decodeMessage,
  HeaderKey,
  HELLO_LIMITS,
  Liveness,
  MessageHeaders,
  systemClock,
} from '../channel/index.ts';
import type { Clock, FrameLimits, Message } from '../channel/index.ts';
import {
  answerLatency,
  CLOSED_OK,
  FrameSender,
  sendLatency,
  toCloseReason,
  toError,
} from '../edge/index.ts';
import type { CloseReason, FramePipe } from '../edge/index.ts';
import { controlTypeOf } from './messages.ts';
import type { ControlBody, ControlMessage, ControlType } from './messages.ts';
import { ControlAssembler, splitControl } from './split.ts';
import type { ControlAssemblerOptions } from './split.ts';

/** The Hello must have come, or been answered, by then. */
const CONTROL_OPEN_TIMEOUT_MS = 10_000;
/** A peer that leaves more than this unread is closed; it resynchronises when it comes back. */
const MAX_CONTROL_BUFFERED_BYTES = 64 * 1024 * 1024;

export interface ControlChannelOptions extends ControlAssemblerOptions {
  readonly pipe: FramePipe;
  readonly role: 'client' | 'server';
  /** Id told to the peer: in the Hello's label, or in its answer. */
  readonly ownId: string;
  /** Called for each whole message, in order; throwing closes the channel. */
  readonly onMessage: (message: ControlMessage) => void;
  /** Default: the system's clock and timers. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}

export class ControlChannel {
  /** Resolves once the Hello was answered; rejects if the channel closes before. */
  readonly opened: Promise<void>;
  /** Resolves when the channel ended, whoever ended it. Never rejects. */
  readonly closed: Promise<CloseReason>;

  readonly #options: ControlChannelOptions;
  readonly #logger: Logger;
  readonly #sender: FrameSender;
  readonly #assembler: ControlAssembler;
  readonly #liveness: Liveness;
  readonly #cancelOpenTimeout: () => void;
  #state: 'opening' | 'open' | 'closed' = 'opening';
  #helloSequence: number | undefined;
  #resolveOpened: () => void = () => undefined;
  #rejectOpened: (error: AppError) => void = () => undefined;
  #resolveClosed: (reason: CloseReason) => void = () => undefined;

  constructor(options: ControlChannelOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#sender = new FrameSender(options.pipe);
    this.#assembler = new ControlAssembler(options);
    this.opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve;
      this.#rejectOpened = reject;
    });
    this.opened.catch(() => undefined);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    const clock = options.clock ?? systemClock;
    this.#liveness = new Liveness({
      clock,
      probe: () => sendLatency(this.#sender, clock),
      dead: () =>
        this.close({
          code: 'ERR_CONTROL_SILENT',
          message: 'the peer went silent',
          retryable: true,
        }),
    });
    this.#cancelOpenTimeout = clock.schedule(CONTROL_OPEN_TIMEOUT_MS, () =>
      this.close({
        code: 'ERR_CONTROL_OPEN_TIMEOUT',
        message: 'no Hello in time',
        retryable: true,
      }),
    );
    if (options.role === 'client') {
      this.#helloSequence = this.#sender.sendMessage(ContentType.hello, {
        body: encodeUtf8(options.ownId),
      });
    }
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Limits for the FrameSplitter before this channel, at its present state. */
  get limits(): FrameLimits {
    return this.#state === 'opening' ? HELLO_LIMITS : CONTROL_LIMITS;
  }

  /** Takes one whole frame. Never throws: a frame that breaks the protocol closes the channel. */
  receive(frame: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#liveness.heard();
    try {
      const message = decodeMessage(frame, this.limits);
      if (this.#state === 'opening') this.#receiveOpening(message);
      else this.#receiveOpen(message);
    } catch (error) {
      this.#logger.warn('control.protocol-error', { error });
      this.close(toCloseReason(error, 'ERR_CONTROL_PROTOCOL'));
    }
  }

  /**
   * Sends a message, in parts if it is large. Throws `ERR_CONTROL_CLOSED` unless open,
   * `ERR_CONTROL_TOO_LARGE`, and `ERR_CONTROL_SLOW_PEER`, having closed the channel, when the peer
   * doesn't keep up.
   */
  send<K extends ControlType>(type: K, value: ControlBody<K>): void {
    if (this.#state !== 'open') {
      throw new AppError('ERR_CONTROL_CLOSED', 'the control channel is not open', {
        retryable: true,
      });
    }
    const slow = this.#slowPeer();
    if (slow !== undefined) {
      this.close(toCloseReason(slow));
      throw slow;
    }
    for (const { contentType, headers, body } of splitControl(type, value)) {
      this.#sender.sendMessage(contentType, { headers, body });
    }
  }

  /** The pipe ended by itself. Idempotent. */
  pipeClosed(reason: CloseReason): void {
    this.#end(reason);
  }

  /** Ends the channel. Idempotent. */
  close(reason: CloseReason = CLOSED_OK): void {
    if (this.#state === 'closed') return;
    this.#end(reason);
    this.#options.pipe.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #receiveOpening(message: Message): void {
    const { role, ownId } = this.#options;
    const { contentType, headers } = message;
    if (role === 'server' && contentType === ContentType.hello) {
      const answer = new MessageHeaders()
        .setI32(HeaderKey.replyFor, message.sequence)
        .setBool(HeaderKey.success, true)
        .setString(HeaderKey.id, ownId);
      this.#sender.sendMessage(ContentType.result, { headers: answer });
    } else if (
      role === 'server' ||
      contentType !== ContentType.result ||
      headers.i32(HeaderKey.replyFor) !== this.#helloSequence ||
      headers.bool(HeaderKey.success) !== true
    ) {
      throw new AppError(
        'ERR_CONTROL_PROTOCOL',
        `content type ${contentType} is not what opens the channel`,
      );
    }
    this.#state = 'open';
    this.#cancelOpenTimeout();
    this.#resolveOpened();
  }

  #receiveOpen(message: Message): void {
    if (message.contentType === ContentType.latency) {
      const slow = this.#slowPeer();
      if (slow !== undefined) throw slow;
      answerLatency(this.#sender, message);
      return;
    }
    // Types from other versions are dropped, as everywhere on the channel.
    if (controlTypeOf(message.contentType) === undefined) return;
    const whole = this.#assembler.receive(message);
    if (whole !== undefined) this.#options.onMessage(whole);
  }

  #slowPeer(): AppError | undefined {
    if (this.#options.pipe.bufferedBytes <= MAX_CONTROL_BUFFERED_BYTES) return undefined;
    return new AppError('ERR_CONTROL_SLOW_PEER', 'the peer does not read', { retryable: true });
  }

  #end(reason: CloseReason): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#liveness.stop();
    this.#cancelOpenTimeout();
    this.#rejectOpened(toError(reason));
    this.#resolveClosed(reason);
  }
}
