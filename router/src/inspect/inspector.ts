/** Answers a controller's questions about this router as it is now (docs/protocol.md, "Control channel"). */
import { AppError, isAppError } from '@postern/shared/errors';
import {
  MAX_INSPECTED_ROWS,
  type Inspect,
  type Inspected,
  type Inspection,
  type InspectionOf,
} from '@postern/shared/schemas';
import type { Access } from '../circuits/access.ts';
import type { BindTable } from '../circuits/bind-table.ts';
import type { CircuitTable } from '../circuits/circuit-table.ts';
import type { RouterCircuit } from '../circuits/circuit.ts';
import type { Topology } from '../circuits/topology.ts';
import type { Link, LinkRegistry } from '../links/link-registry.ts';
import type { RouterState } from '../state/router-state.ts';
import { Names } from './names.ts';
import type { RouteTracer } from './route-tracer.ts';
import { waysTo } from './ways.ts';

/** Answers to a traceroute are waited for so long. */
const TRACE_MS = 2_000;

interface InspectorDeps {
  readonly routerId: string;
  readonly state: RouterState;
  readonly table: CircuitTable;
  readonly binds: BindTable;
  readonly access: Access;
  readonly topology: Topology;
  readonly registry: LinkRegistry;
  readonly tracer: RouteTracer;
  /** Routers that are to be dialed by this one and are not linked. */
  readonly missingLinks: () => readonly string[];
  readonly nowMs: () => number;
}

type CircuitRow = InspectionOf<'circuits'>['circuits'][number];
type LinkRow = InspectionOf<'links'>['links'][number];

export class Inspector {
  readonly #deps: InspectorDeps;
  readonly #names: Names;

  constructor(deps: InspectorDeps) {
    this.#deps = deps;
    this.#names = new Names(deps.state);
  }

  /** Never rejects: what cannot be answered is answered with the reason. */
  async answer({ requestId, value, of }: Inspect): Promise<Inspected> {
    try {
      return { requestId, answer: await this.#read(value, of) };
    } catch (error) {
      const { code, message } = isAppError(error)
        ? error
        : { code: 'ERR_INTERNAL', message: 'the router could not answer' };
      return { requestId, answer: { value: 'failed', code, message: message.slice(0, 256) } };
    }
  }

  #read(value: Inspect['value'], of: string | undefined): Inspection | Promise<Inspection> {
    switch (value) {
      case 'circuits':
        return this.#circuits();
      case 'links':
        return this.#links();
      case 'path':
        return this.#path(of ?? '');
      case 'traceroute':
        return this.#trace(of ?? '');
    }
  }

  #circuits(): InspectionOf<'circuits'> {
    const began = [...this.#deps.table.values()].filter(
      ({ isIngress, state }) => isIngress && state === 'open',
    );
    const circuits = began
      .slice(-MAX_INSPECTED_ROWS)
      .reverse()
      .map((circuit) => this.#circuitRow(circuit));
    return { value: 'circuits', circuits, total: began.length };
  }

  #circuitRow(circuit: RouterCircuit): CircuitRow {
    const { subject, terminatorId, path, openedMs, bytesToHost, bytesToClient, isMovable } =
      circuit;
    return {
      id: subject.circuitId,
      service: this.#names.service(subject.serviceId),
      identity: this.#names.identity(subject.callerId),
      ...(terminatorId !== undefined && { terminatorId }),
      path: path.map((id) => this.#names.router(id)),
      ageMs: Math.max(0, this.#deps.nowMs() - openedMs),
      bytesToHost,
      bytesToClient,
      isMovable,
    };
  }

  #links(): InspectionOf<'links'> {
    const { registry, missingLinks } = this.#deps;
    const rows = [
      ...[...registry.values()].map((link) => this.#linkRow(link)),
      ...missingLinks().map((peerId): LinkRow => {
        const peer = this.#names.router(peerId);
        return { peer, state: 'down', isDialer: true, circuits: 0, queuedBytes: 0 };
      }),
    ];
    return { value: 'links', links: rows.slice(0, MAX_INSPECTED_ROWS), total: rows.length };
  }

  #linkRow({ linkId, routerId: peerId, dialed, latencyMs, peer }: Link): LinkRow {
    const cost = this.#deps.topology.costOf([this.#deps.routerId, peerId]);
    return {
      id: linkId,
      peer: this.#names.router(peerId),
      state: 'up',
      isDialer: dialed,
      latencyMs,
      ...(cost !== undefined && { cost }),
      circuits: peer.legs.size,
      queuedBytes: peer.socket.bufferedBytes,
    };
  }

  #path(serviceId: string): InspectionOf<'path'> {
    if (this.#deps.state.get('service', serviceId) === undefined)
      throw new AppError('ERR_INSPECT_UNKNOWN', `the router knows no service ${serviceId}`);
    return waysTo({ ...this.#deps, names: this.#names }, serviceId);
  }

  async #trace(circuitId: string): Promise<InspectionOf<'traceroute'>> {
    const { table, tracer, routerId } = this.#deps;
    const circuit = table.get(circuitId);
    if (circuit?.isIngress !== true || circuit.state !== 'open')
      throw new AppError('ERR_INSPECT_UNKNOWN', `no open circuit ${circuitId} began here`);
    const self = this.#names.router(routerId);
    const hops = await tracer.trace(self, circuit, AbortSignal.timeout(TRACE_MS));
    return { value: 'traceroute', circuitId, hops };
  }
}
