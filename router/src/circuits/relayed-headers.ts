/**
 * What the ends of a circuit with OpenZiti's encryption tell each other while they join: routers hand it
 * on, along links too (specs/edge-protocol.md §4). Header 1009 is never relayed: SDKs write it in two
 * ways, and each then uses its configured method.
 */
import { HeaderKey, MessageHeaders } from '@postern/shared/protocol/channel';
import { AppError } from '@postern/shared/errors';

/** The keys, with the most bytes of each. */
type Relayed = ReadonlyMap<number, { min: number; max: number }>;

const FROM_DIALER: Relayed = new Map([
  [HeaderKey.publicKey, { min: 32, max: 32 }],
  [HeaderKey.appData, { min: 0, max: 4096 }],
  [HeaderKey.connectionMarker, { min: 0, max: 64 }],
]);
const FROM_HOST: Relayed = new Map([[HeaderKey.publicKey, { min: 32, max: 32 }]]);

/** @throws AppError `ERR_CHANNEL_HEADER` */
export const headersOfDialer = (from: MessageHeaders): MessageHeaders => pick(from, FROM_DIALER);
/** @throws AppError `ERR_CHANNEL_HEADER` */
export const headersOfHost = (from: MessageHeaders): MessageHeaders => pick(from, FROM_HOST);

/** Copies: values are views of a frame that is about to be gone. */
function pick(from: MessageHeaders, relayed: Relayed): MessageHeaders {
  const picked = new MessageHeaders();
  for (const [key, { min, max }] of relayed) {
    const value = from.bytes(key);
    if (value === undefined) continue;
    if (value.length < min || value.length > max)
      throw new AppError('ERR_CHANNEL_HEADER', `header ${key} is malformed`);
    picked.setBytes(key, value.slice());
  }
  return picked;
}

/** Adds to `to` what was picked before. */
export function addHeaders(to: MessageHeaders, picked: MessageHeaders | undefined): MessageHeaders {
  for (const [key, value] of picked?.entries() ?? []) to.setBytes(key, value);
  return to;
}
