/** Dials of a round, all at once, and what must come of each. */
import {
  ContentType,
  decodeMessage,
  EDGE_LIMITS,
  encodeMessage,
  HeaderKey,
  MessageHeaders,
  type Message,
} from '@postern/shared/protocol/channel';
import { readCloseReason } from '@postern/shared/protocol/edge';
import { encodeUtf8 } from '@postern/shared/bytes';
import { Peer } from '../../../router/src/net/peer.ts';
import { MemorySocket, type MemoryNetwork } from './memory-network.ts';
import type { Oracle } from './oracle.ts';
import { USER } from './simulation.ts';
import type { SimulatedRouter } from './simulated-router.ts';

/** Longer than a router tries. */
const PATIENCE_MS = 30_000;
const CLOSING_MS = 2_000;
const REFUSALS: readonly string[] = ['ERR_NO_PATH', 'ERR_SERVICE_NOT_HOSTED'];

interface DialRequest {
  readonly router: SimulatedRouter;
  readonly serviceId: string;
}

interface DialWorld {
  readonly network: MemoryNetwork;
  readonly oracle: Oracle;
  readonly grantOf: (serviceId: string) => string;
  readonly hostsOf: (serviceId: string) => readonly { readonly routerId: string }[];
}

export interface DialOutcome {
  readonly opened: number;
  readonly refused: number;
}

interface Dial extends DialRequest {
  readonly peer: Peer;
  answer: Message | undefined;
}

/** @throws Error at the first dial that came out otherwise than it must */
export async function dialAll(
  requests: readonly DialRequest[],
  world: DialWorld,
): Promise<DialOutcome> {
  const { clock } = world.network;
  const dials = requests.map((request) => begin(request, world));
  for (let waitedMs = 0; dials.some(({ answer }) => answer === undefined); waitedMs += 50) {
    if (waitedMs > PATIENCE_MS) throw new Error('a dial was not answered');
    await clock.advance(50);
  }
  const opened = dials.filter((dial) => check(dial, world)).length;
  for (const { router, peer } of dials) router.core.context.table.dropPeer(peer);
  await clock.advance(CLOSING_MS);
  return { opened, refused: dials.length - opened };
}

function begin(request: DialRequest, { network, grantOf }: DialWorld): Dial {
  const { router, serviceId } = request;
  const { id } = router.plan;
  const [near, far] = [
    new MemorySocket(network, USER, id, 1),
    new MemorySocket(network, id, USER, 1),
  ];
  near.join(far);
  near.limits = EDGE_LIMITS;
  const options = { accepting: true, nowMs: network.clock.nowMs(), maxQueuedBytes: 1e6 };
  const dial: Dial = {
    ...request,
    peer: new Peer('client', USER, far, options),
    answer: undefined,
  };
  near.onFrame = (frame) => (dial.answer ??= decodeMessage(frame, EDGE_LIMITS));
  const headers = new MessageHeaders().setU32(HeaderKey.connId, 1);
  const body = encodeUtf8(grantOf(serviceId));
  const frame = encodeMessage({ contentType: ContentType.connect, sequence: 1, headers, body });
  const connect = decodeMessage(frame, EDGE_LIMITS);
  const caller = { identityId: USER, sessionId: 's', thumbprint: 'k'.repeat(43), serviceId };
  void network.clock.hold(router.core.context.dialer.connect(dial.peer, caller, connect, true));
  return dial;
}

/** True if a circuit was opened. */
function check(dial: Dial, { oracle, hostsOf }: DialWorld): boolean {
  const { router, serviceId, answer } = dial;
  const { id } = router.plan;
  const name = `${id} → ${serviceId}`;
  if (answer === undefined) throw new Error(`${name}: no answer`);
  const hosts = hostsOf(serviceId).map(({ routerId }) => routerId);
  const isReachable = hosts.some((host) => oracle.cost(id, host) !== undefined);
  if (answer.contentType !== ContentType.stateConnected) {
    const { code } = readCloseReason(answer);
    if (isReachable || !REFUSALS.includes(code)) throw new Error(`${name}: refused with ${code}`);
    return false;
  }
  if (!isReachable) throw new Error(`${name}: opened where nobody is`);
  const circuitId = answer.headers.string(HeaderKey.circuitId) ?? '';
  const path = router.core.context.table.get(circuitId)?.path ?? [];
  const target = path.at(-1) ?? '';
  if (path[0] !== id || !hosts.includes(target)) throw new Error(`${name}: to ${target}`);
  const cost = oracle.walk(path);
  if (cost === undefined || cost !== oracle.cost(id, target))
    throw new Error(
      `${name}: a path of ${String(cost)} instead of ${String(oracle.cost(id, target))}`,
    );
  return true;
}
