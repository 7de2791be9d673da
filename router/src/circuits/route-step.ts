/** One step of building a circuit: to the host if it is here, otherwise to the next router. */
import {
  ContentType,
  HeaderKey,
  MessageHeaders,
  type Message,
} from '@postern/shared/protocol/channel';
import { encodeUtf8, ByteReader } from '@postern/shared/bytes';
import { readCloseReason, type CloseReason } from '@postern/shared/protocol/edge';
import { encryptionSchema } from '@postern/shared/schemas';
import { z } from 'zod';
import type { Peer } from '../net/peer.ts';
import type { BindTable } from './bind-table.ts';
import type { CircuitTable } from './circuit-table.ts';
import type { RouterCircuit } from './circuit.ts';
import type { Leg } from './leg.ts';
import { reason } from './reason.ts';
import { addHeaders, headersOfHost } from './relayed-headers.ts';

const id = z.string().min(1).max(64);
/** Body of RouteCircuit (docs/protocol.md, "Circuits"). */
export const routeCircuitSchema = z.strictObject({
  circuitId: id,
  serviceId: id,
  terminatorId: id,
  callerId: id,
  sessionId: id,
  encryption: encryptionSchema.optional(),
  path: z.array(id).max(32),
});

interface RouteStepDeps {
  table: CircuitTable;
  binds: BindTable;
  /** The link to a neighbour, if it is up. */
  linkTo: (routerId: string) => Peer | undefined;
  /** Name of an identity. */
  nameOf: (identityId: string) => string;
}

/** Called once, synchronously with the answer; `undefined` means the circuit continues. */
type Done = (failure: CloseReason | undefined) => void;

export class RouteStep {
  readonly #deps: RouteStepDeps;

  constructor(deps: RouteStepDeps) {
    this.#deps = deps;
  }

  /** Continues `circuit` along `path` (router ids after this one) to the terminator. */
  extend(
    circuit: RouterCircuit,
    terminatorId: string,
    path: readonly string[],
    deadlineMs: number,
    done: Done,
  ): void {
    const [next, ...rest] = path;
    if (next === undefined) this.#dialHost(circuit, terminatorId, deadlineMs, done);
    else this.#routeOn(circuit, terminatorId, next, rest, deadlineMs, done);
  }

  #routeOn(
    circuit: RouterCircuit,
    terminatorId: string,
    next: string,
    path: string[],
    deadlineMs: number,
    done: Done,
  ): void {
    const link = this.#deps.linkTo(next);
    if (link === undefined) {
      done(reason('ERR_NO_PATH'));
      return;
    }
    const leg = this.#deps.table.extend(circuit, link);
    const headers = addHeaders(
      new MessageHeaders().setU32(HeaderKey.connId, leg.label),
      circuit.dialerHeaders,
    );
    if (circuit.traceparent !== undefined)
      headers.setString(HeaderKey.traceParent, circuit.traceparent);
    const body = encodeUtf8(JSON.stringify({ ...circuit.subject, terminatorId, path }));
    link.request(ContentType.routeCircuit, headers, body, deadlineMs, (reply) => {
      const joined = reply?.contentType === ContentType.routeCircuitResult && isSuccess(reply);
      if (joined) circuit.hostHeaders = headersOfHost(reply.headers);
      this.#conclude(circuit, leg, reply, joined, 'ERR_NO_PATH', done);
    });
  }

  #dialHost(circuit: RouterCircuit, terminatorId: string, deadlineMs: number, done: Done): void {
    const bind = this.#deps.binds.get(terminatorId);
    if (bind === undefined || bind.serviceId !== circuit.subject.serviceId) {
      done(reason('ERR_SERVICE_NOT_HOSTED'));
      return;
    }
    const { encryption = 'authenticated' } = circuit.subject;
    if (encryption !== (bind.encryption ?? 'authenticated')) {
      done(reason('ERR_ENCRYPTION_MISMATCH', 'the host encrypts in another way'));
      return;
    }
    const leg = this.#deps.table.extend(circuit, bind.peer);
    const headers = new MessageHeaders()
      .setU32(HeaderKey.connId, bind.label)
      .setString(HeaderKey.circuitId, circuit.subject.circuitId)
      .setString(HeaderKey.dialerIdentityId, circuit.subject.callerId);
    if (!bind.givesIds) headers.setU32(HeaderKey.routerProvidedConnId, leg.label);
    if (circuit.subject.encryption === 'ziti') {
      addHeaders(headers, circuit.dialerHeaders);
      // What the dialer calls itself is not passed on: hosts get the name that the network knows.
      const name = this.#deps.nameOf(circuit.subject.callerId);
      headers.setString(HeaderKey.callerId, name).setString(HeaderKey.dialerIdentityName, name);
    }
    bind.peer.request(ContentType.dial, headers, bind.grant, deadlineMs, (reply) => {
      const label =
        reply?.contentType === ContentType.dialSuccess ? acceptedLabel(reply) : undefined;
      const own = bind.givesIds && label !== undefined ? this.#deps.table.relabel(leg, label) : leg;
      const joined = reply !== undefined && own !== undefined && label === own.label;
      if (joined) {
        // C sends its key with the answer, Go once, with its binding.
        const key = headersOfHost(reply.headers);
        circuit.hostHeaders = key.size > 0 ? key : bind.hostHeaders;
        if (bind.givesIds) {
          const to = new MessageHeaders().setU32(HeaderKey.connId, own.label);
          bind.peer.reply(reply, ContentType.stateConnected, to);
        }
      }
      this.#conclude(circuit, own ?? leg, reply, joined, 'ERR_SERVICE_NOT_HOSTED', done);
    });
  }

  #conclude(
    circuit: RouterCircuit,
    leg: Leg,
    reply: Message | undefined,
    joined: boolean,
    fallback: 'ERR_NO_PATH' | 'ERR_SERVICE_NOT_HOSTED',
    done: Done,
  ): void {
    // Closed meanwhile: whoever closed it told this leg already.
    if (circuit.state !== 'opening' || circuit.downstream !== leg) return;
    if (joined) {
      done(undefined);
      return;
    }
    const why = reply === undefined ? reason(fallback) : readCloseReason(reply, fallback);
    // Without an answer the other side may still join: tell it to give up.
    this.#deps.table.retract(circuit, reply === undefined ? why : undefined);
    done(why);
  }
}

function isSuccess(reply: Message): boolean {
  return reply.headers.bool(HeaderKey.success) === true;
}

function acceptedLabel(reply: Message): number | undefined {
  return reply.body.length === 4 ? new ByteReader(reply.body).u32() : undefined;
}
