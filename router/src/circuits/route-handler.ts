/** RouteCircuit from another router: this one is in the middle of a circuit or at its host. */
import { decodeUtf8 } from '@postern/shared/bytes';
import { AppError } from '@postern/shared/errors';
import {
  ContentType,
  HeaderKey,
  MessageHeaders,
  type Message,
} from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { RouterLimits } from '../config.ts';
import type { BufferBudget } from '../net/buffer-budget.ts';
import { required, type Peer } from '../net/peer.ts';
import type { RouterState } from '../state/router-state.ts';
import type { Access } from './access.ts';
import type { CircuitTable } from './circuit-table.ts';
import { readTraceparent } from './dial-spans.ts';
import { reason } from './reason.ts';
import { addHeaders, headersOfDialer } from './relayed-headers.ts';
import { routeCircuitSchema, type RouteStep } from './route-step.ts';

export interface RouteHandlerDeps {
  routerId: string;
  state: RouterState;
  access: Access;
  table: CircuitTable;
  step: RouteStep;
  budget: BufferBudget;
  limits: RouterLimits;
  nowMs: () => number;
}

/** Each further hop waits less, so that the one before hears of a timeout instead of meeting its own. */
const HOP_MARGIN = 0.1;

/**
 * Handles one RouteCircuit. Policy is checked again here: a router that lags or lies does not open
 * what this one knows to be forbidden.
 *
 * @throws AppError `ERR_CHANNEL_HEADER` or `ERR_LINK_ROUTE` when the request breaks the protocol.
 */
export function handleRoute(deps: RouteHandlerDeps, link: Peer, request: Message): void {
  const { table, budget, limits, access, step, state, nowMs } = deps;
  const label = required(request.headers.u32(HeaderKey.connId), 'label');
  if (!link.isPeerLabel(label) || link.legs.has(label)) {
    throw new AppError('ERR_CHANNEL_HEADER', 'label out of range or in use');
  }
  const { terminatorId, path, ...subject } = parseRoute(request.body);
  const refuse = (why: CloseReason): void => answer(link, request, why);
  if (budget.exhausted) {
    refuse(reason('ERR_ROUTER_OVERLOADED'));
    return;
  }
  const isTransit = path.length > 0;
  if (
    table.has(subject.circuitId) ||
    (isTransit && state.get('router', deps.routerId)?.noTraversal === true)
  ) {
    refuse(reason('ERR_NO_PATH'));
    return;
  }
  const circuit = table.begin(subject, link, label, false, refuse);
  circuit.traceparent = readTraceparent(request);
  const denied =
    access.dialDenied(subject, undefined) ??
    access.encryptionDenied(subject.serviceId, subject.encryption);
  if (denied !== undefined) {
    table.close(circuit, denied);
    return;
  }
  circuit.terminatorId = terminatorId;
  circuit.dialerHeaders = headersOfDialer(request.headers);
  const share = Math.max(0.1, 1 - HOP_MARGIN * (isTransit ? 1 : 2));
  step.extend(circuit, terminatorId, path, nowMs() + limits.routeTimeoutMs * share, (failure) => {
    if (failure !== undefined) {
      table.close(circuit, failure);
      return;
    }
    table.join(circuit);
    answer(link, request, undefined, circuit.hostHeaders);
  });
}

function parseRoute(body: Uint8Array) {
  try {
    return routeCircuitSchema.parse(JSON.parse(decodeUtf8(body)));
  } catch (cause) {
    throw new AppError('ERR_LINK_ROUTE', 'malformed RouteCircuit', { cause });
  }
}

function answer(
  link: Peer,
  request: Message,
  failure: CloseReason | undefined,
  hostHeaders?: MessageHeaders,
): void {
  const headers = new MessageHeaders().setBool(HeaderKey.success, failure === undefined);
  if (failure === undefined)
    link.reply(request, ContentType.routeCircuitResult, addHeaders(headers, hostHeaders));
  else link.replyRefusal(request, ContentType.routeCircuitResult, headers, failure);
}
