import { ByteWriter, encodeUtf8 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import { ContentType, HeaderKey, MessageHeaders, Precedence } from '../channel/index.ts';
import type { Message } from '../channel/index.ts';
import { CLOSED_OK, readCloseReason, refusal, toCloseReason, toError } from './close-reason.ts';
import type { Binding, BindOptions, OnDial } from './connection-types.ts';
import type { EdgeCircuit } from './edge-circuit.ts';
import type { FrameSender } from './frame-sender.ts';
import type { PendingReplies } from './pending-replies.ts';
import type { CloseReason } from './types.ts';

/** Connection ids from here on are the router's to give. */
export const FIRST_ROUTER_CONNECTION_ID = 2 ** 31;
const LISTENER_ID_BYTES = 16;

interface BindingsOptions {
  readonly sender: FrameSender;
  readonly replies: PendingReplies;
  /** Adds a circuit under an id the router chose; `undefined` when the id is taken or there are too many. */
  readonly openCircuit: (
    connectionId: number,
    circuitId: string,
    isForeign: boolean,
  ) => EdgeCircuit | undefined;
}

interface ActiveBinding {
  readonly onDial: OnDial;
  readonly isForeign: boolean;
  readonly end: (reason: CloseReason) => void;
}

/** The services hosted over one connection. */
export class Bindings {
  readonly #options: BindingsOptions;
  readonly #active = new Map<number, ActiveBinding>();

  constructor(options: BindingsOptions) {
    this.#options = options;
  }

  async bind(bindId: number, options: BindOptions, onDial: OnDial): Promise<Binding> {
    const { sender, replies } = this.#options;
    const listenerId =
      options.listenerId ?? crypto.getRandomValues(new Uint8Array(LISTENER_ID_BYTES));
    const headers = bindHeaders(bindId, options)
      .setBytes(HeaderKey.listenerId, listenerId)
      .setBool(HeaderKey.routerProvidedConnId, true);
    const { instanceId, instanceSecret } = options;
    if (instanceId !== undefined) headers.setString(HeaderKey.terminatorIdentity, instanceId);
    if (instanceSecret !== undefined) headers.setBytes(HeaderKey.terminatorSecret, instanceSecret);
    if (options.zitiKey !== undefined) {
      headers
        .setString(HeaderKey.encryption, 'ziti')
        .setBytes(HeaderKey.publicKey, options.zitiKey);
    }
    const body = encodeUtf8(options.bindGrant);
    const sequence = sender.sendMessage(ContentType.bind, { headers, body });
    return replies.wait(
      sequence,
      (reply) => {
        if (reply.contentType !== ContentType.stateConnected) {
          throw toError(readCloseReason(reply, 'ERR_GRANT_INVALID'));
        }
        return this.#add(bindId, options, onDial);
      },
      options.signal,
      () => this.#sendUnbind(bindId, options.bindGrant),
    );
  }

  /** Ends the binding of this id, as the router says; false if there is none. */
  end(bindId: number, reason: CloseReason): boolean {
    const binding = this.#active.get(bindId);
    binding?.end(reason);
    return binding !== undefined;
  }

  endAll(reason: CloseReason): void {
    for (const binding of this.#active.values()) binding.end(reason);
  }

  /** A Dial arrived: answers it and hands the circuit to the host. */
  receiveDial(dial: Message): void {
    const bindId = dial.headers.u32(HeaderKey.connId);
    const connectionId = dial.headers.u32(HeaderKey.routerProvidedConnId);
    const circuitId = dial.headers.string(HeaderKey.circuitId);
    if (bindId === undefined || connectionId === undefined || circuitId === undefined) {
      throw new AppError('ERR_EDGE_PROTOCOL', 'a Dial lacks ids');
    }
    if (connectionId < FIRST_ROUTER_CONNECTION_ID) {
      throw new AppError(
        'ERR_EDGE_PROTOCOL',
        'the router gave a connection id that is ours to give',
      );
    }
    const answer = new MessageHeaders()
      .setI32(HeaderKey.replyFor, dial.sequence)
      .setU32(HeaderKey.connId, bindId);
    const binding = this.#active.get(bindId);
    const circuit =
      binding === undefined
        ? undefined
        : this.#options.openCircuit(connectionId, circuitId, binding.isForeign);
    if (binding === undefined || circuit === undefined) {
      const reason: CloseReason = {
        code: binding === undefined ? 'ERR_SERVICE_NOT_HOSTED' : 'ERR_ROUTER_OVERLOADED',
        message: binding === undefined ? 'the service is not bound here' : 'too many circuits',
        retryable: true,
      };
      this.#options.sender.sendMessage(ContentType.dialFailed, refusal(reason, answer));
      return;
    }
    const body = new ByteWriter(4).u32(connectionId).finish();
    this.#options.sender.sendMessage(ContentType.dialSuccess, { headers: answer, body });
    try {
      binding.onDial(circuit, {
        circuitId,
        callerId: dial.headers.string(HeaderKey.dialerIdentityId),
        ...(binding.isForeign && {
          isZiti: true,
          dialerKey: dial.headers.bytes(HeaderKey.publicKey)?.slice(),
          appData: dial.headers.bytes(HeaderKey.appData)?.slice(),
        }),
      });
    } catch (error) {
      circuit.close(toCloseReason(error));
    }
  }

  #add(bindId: number, options: BindOptions, onDial: OnDial): Binding {
    let currentGrant = options.bindGrant;
    let end: (reason: CloseReason) => void = () => undefined;
    const closed = new Promise<CloseReason>((resolve) => {
      end = (reason) => {
        this.#active.delete(bindId);
        resolve(reason);
      };
    });
    this.#active.set(bindId, { onDial, isForeign: options.zitiKey !== undefined, end });
    return {
      closed,
      update: (changes) => {
        if (!this.#active.has(bindId))
          throw new AppError('ERR_EDGE_NOT_BOUND', 'the binding has ended');
        currentGrant = changes.bindGrant;
        const headers = bindHeaders(bindId, changes);
        this.#options.sender.sendMessage(ContentType.updateBind, {
          headers,
          body: encodeUtf8(currentGrant),
        });
      },
      reportHealth: (isHealthy) => {
        if (!this.#active.has(bindId)) return;
        const headers = new MessageHeaders()
          .setU32(HeaderKey.connId, bindId)
          .setBool(HeaderKey.healthStatus, isHealthy);
        this.#options.sender.sendMessage(ContentType.healthEvent, {
          headers,
          body: encodeUtf8(currentGrant),
        });
      },
      unbind: () => {
        if (!this.#active.has(bindId)) return;
        end(CLOSED_OK);
        this.#sendUnbind(bindId, currentGrant);
      },
    };
  }

  #sendUnbind(bindId: number, bindGrant: string): void {
    const headers = new MessageHeaders().setU32(HeaderKey.connId, bindId);
    this.#options.sender.sendMessage(ContentType.unbind, { headers, body: encodeUtf8(bindGrant) });
  }
}

function bindHeaders(
  bindId: number,
  options: Pick<BindOptions, 'cost' | 'precedence'>,
): MessageHeaders {
  return new MessageHeaders()
    .setU32(HeaderKey.connId, bindId)
    .setU16(HeaderKey.cost, options.cost ?? 0)
    .setU8(HeaderKey.precedence, Precedence[options.precedence ?? 'default']);
}
