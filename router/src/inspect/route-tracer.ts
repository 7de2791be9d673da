/**
 * Traceroutes of this router's own, for its operators: along a circuit that began here. Requests carry a
 * number by which the answers are known as ours and not handed on to the client.
 */
import { randomInt } from 'node:crypto';
import { decodeUtf8 } from '@postern/shared/bytes';
import {
  ContentType,
  HeaderKey,
  MessageHeaders,
  type Message,
} from '@postern/shared/protocol/channel';
import { TraceHopType } from '@postern/shared/protocol/edge';
import type { InspectionOf } from '@postern/shared/schemas';
import type { RouterCircuit } from '../circuits/circuit.ts';
import type { RouterName } from '../circuits/trace-route.ts';
import type { Peer } from '../net/peer.ts';

type Hop = InspectionOf<'traceroute'>['hops'][number];

/** Numbers of clients, their messages' sequences, are below. */
const OWN_FROM = 0x8000_0000;
const OWN_TO = 0xffff_ffff;
const MAX_NAME_BYTES = 256;
/** Requests under way: a few traceroutes at a time. */
const MAX_PENDING = 256;

interface Pending {
  readonly peer: Peer;
  readonly label: number;
  readonly sentMs: number;
  readonly answered: (hop: Hop) => void;
}

export class RouteTracer {
  readonly #pending = new Map<number, Pending>();
  readonly #nowMs: () => number;

  /** @param nowMs a monotonic clock */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /**
   * Everyone on the way of an open circuit that began here, nearest first, this router included. Who has not
   * answered when `signal` aborts has no `roundTripMs`.
   */
  async trace(self: RouterName, circuit: RouterCircuit, signal: AbortSignal): Promise<Hop[]> {
    const routers = circuit.path.slice(1);
    const asked = [...routers.map((id) => ({ kind: 'router', id }) as const), HOST];
    const hops = await Promise.all(
      asked.map(async ({ kind, id }, at): Promise<Hop> => {
        const answer = await this.#ask(circuit, at + 1, signal);
        return answer ?? { kind, id, name: id };
      }),
    );
    return [{ kind: 'router', ...self, roundTripMs: 0 }, ...hops];
  }

  /** Takes an answer that is ours; false for one that is to be handed on. */
  take(peer: Peer, { headers, body }: Message): boolean {
    const source = headers.u32(HeaderKey.traceSource);
    const pending = source === undefined ? undefined : this.#pending.get(source);
    if (pending?.peer !== peer || headers.u32(HeaderKey.connId) !== pending.label) return false;
    const id = headers.string(HeaderKey.traceHopId) ?? '';
    pending.answered({
      kind: headers.string(HeaderKey.traceHopType) === TraceHopType.host ? 'host' : 'router',
      id: id.slice(0, 64),
      name: body.length > 0 && body.length <= MAX_NAME_BYTES ? decodeUtf8(body) : id.slice(0, 64),
      roundTripMs: Math.max(0, this.#nowMs() - pending.sentMs),
    });
    return true;
  }

  #ask(circuit: RouterCircuit, hops: number, signal: AbortSignal): Promise<Hop | undefined> {
    const out = circuit.downstream;
    if (out === undefined || this.#pending.size >= MAX_PENDING || signal.aborted)
      return Promise.resolve(undefined);
    const source = this.#number();
    const headers = new MessageHeaders()
      .setU32(HeaderKey.connId, out.label)
      .setU32(HeaderKey.traceHops, hops)
      .setU32(HeaderKey.traceSource, source);
    return new Promise((resolve) => {
      const settle = (hop: Hop | undefined): void => {
        this.#pending.delete(source);
        signal.removeEventListener('abort', giveUp);
        resolve(hop);
      };
      const giveUp = (): void => settle(undefined);
      signal.addEventListener('abort', giveUp);
      this.#pending.set(source, {
        peer: out.peer,
        label: out.label,
        sentMs: this.#nowMs(),
        answered: settle,
      });
      out.peer.sendMessage(ContentType.traceRoute, headers);
    });
  }

  /** Random: a client that guesses it could only have its own circuit's answer taken. */
  #number(): number {
    for (;;) {
      const source = randomInt(OWN_FROM, OWN_TO);
      if (!this.#pending.has(source)) return source;
    }
  }
}

const HOST = { kind: 'host', id: '' } as const;
