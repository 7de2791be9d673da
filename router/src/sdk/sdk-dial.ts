/** Connect of an OpenZiti SDK: its service token says for what, its channel who asks. */
import { randomBytes } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import {
  ContentType,
  HeaderKey,
  MessageHeaders,
  type Message,
} from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';
import { reason, reasonOf } from '../circuits/reason.ts';
import { headersOfDialer } from '../circuits/relayed-headers.ts';
import type { PeerContext } from '../net/peer-context.ts';
import { required } from '../net/peer.ts';
import type { SdkPeer } from './sdk-peer.ts';
import { serviceOf, verifySdkDial } from './sdk-tokens.ts';

/** Circuits of one program, dialed and hosted. */
const MAX_CIRCUITS = 4096;

/**
 * Ends in StateConnected, or StateClosed with the reason. `admitted` is false when the program dials more
 * often than it may.
 *
 * @throws AppError `ERR_CHANNEL_HEADER` for a connection id that it must not use
 */
export async function dialForSdk(
  context: PeerContext,
  peer: SdkPeer,
  request: Message,
  admitted: boolean,
): Promise<void> {
  const { table, access, budget, state, dialer } = context;
  const label = required(request.headers.u32(HeaderKey.connId), 'connection id');
  if (!peer.isPeerLabel(label) || peer.legs.has(label))
    throw new AppError('ERR_CHANNEL_HEADER', 'connection id out of range or in use');
  const refuse = (why: CloseReason): void => {
    const headers = new MessageHeaders().setU32(HeaderKey.connId, label);
    peer.replyRefusal(request, ContentType.stateClosed, headers, why);
  };
  if (!admitted || budget.exhausted || peer.legs.size >= MAX_CIRCUITS) {
    refuse(reason('ERR_ROUTER_OVERLOADED'));
    return;
  }
  const { identityId, sessionId } = peer.session;
  let serviceId: string;
  try {
    serviceId = serviceOf(request.body);
  } catch (error) {
    refuse(reasonOf(error, 'ERR_GRANT_INVALID'));
    return;
  }
  const subject = {
    circuitId: randomBytes(16).toString('base64url'),
    serviceId,
    callerId: identityId,
    sessionId,
    encryption: 'ziti' as const,
  };
  // Begun before its token is verified: data that comes too early then meets the circuit it is for.
  const circuit = table.begin(subject, peer, label, true, refuse);
  try {
    circuit.dialerHeaders = headersOfDialer(request.headers);
    await verifySdkDial(peer.session, request.body, state);
    if (circuit.state !== 'opening') return;
    const denied =
      access.dialDenied(subject, peer.socket.remoteAddress) ??
      access.encryptionDenied(serviceId, 'ziti') ??
      keyMissing(context, serviceId, circuit.dialerHeaders);
    if (denied !== undefined) table.close(circuit, denied);
    else dialer.begin(circuit, request);
  } catch (error) {
    table.close(circuit, reasonOf(error, 'ERR_GRANT_INVALID'));
  }
}

/** A dialer without a key would go on in plain text. */
function keyMissing(
  { state }: PeerContext,
  serviceId: string,
  headers: MessageHeaders,
): CloseReason | undefined {
  const isEncrypted = state.get('service', serviceId)?.encryptionRequired !== false;
  return isEncrypted && !headers.has(HeaderKey.publicKey)
    ? reason('ERR_ENCRYPTION_MISMATCH', 'the dialer sent no key')
    : undefined;
}
