import { decodeUtf8, encodeUtf8 } from '@postern/shared/bytes';
import { BoundedMemory } from './bounded-memory.ts';
import { smartrouting } from './smartrouting.ts';
import type { Random, Ranked, StrategyDial, TerminatorStrategy } from './strategy.ts';
import type { TerminatorCandidate } from '../terminators.ts';

/** Callers of services whose host is remembered. */
const MAX_CALLERS = 50_000;
/** A token is a terminator's id. */
const MAX_TOKEN_BYTES = 64;

/**
 * Where the caller was before, if that is in the best class still; otherwise the cheapest. A caller that
 * brings the token of its last dial gets that terminator (OpenZiti, specs/fabric.md §3). One without, as
 * browsers are, gets the host that this router last joined its identity to, by its cheapest terminator.
 */
export function sticky(random: Random): TerminatorStrategy {
  const cheapest = smartrouting(random);
  const hosts = new BoundedMemory(MAX_CALLERS);
  return {
    choose(best, dial) {
      const tokenId = readToken(dial.token);
      const named = best.find(({ terminator }) => terminator.id === tokenId);
      if (named !== undefined) return named;
      const hostId = hosts.get(keyOf(dial));
      const [first, ...others] = best.filter(({ terminator }) => terminator.hostId === hostId);
      const known: Ranked<(typeof best)[0]['terminator']> =
        first === undefined ? best : [first, ...others];
      return cheapest.choose(known, dial);
    },
    joined: ({ hostId }, dial) => hosts.set(keyOf(dial), hostId),
    token: ({ id }: TerminatorCandidate) => encodeUtf8(id),
  };
}

function keyOf({ serviceId, callerId }: StrategyDial): string {
  return `${serviceId} ${callerId}`;
}

function readToken(token: Uint8Array | undefined): string | undefined {
  if (token === undefined || token.length > MAX_TOKEN_BYTES) return undefined;
  try {
    return decodeUtf8(token);
  } catch {
    return undefined;
  }
}
