/** The OIDC provider's storage interface over our tables. */
import { errors, type Adapter, type AdapterFactory } from 'oidc-provider';
import { findClientMetadata } from './clients.ts';
import type { ControllerContext } from '../context.ts';
import type { PayloadStore } from './payload-store.ts';

/** How long a row without an expiry of its own is kept. */
const DEFAULT_LIFE_SECONDS = 24 * 3600;

export function createAdapterFactory(
  ctx: Pick<ControllerContext, 'store'>,
  payloads: PayloadStore,
): AdapterFactory {
  return (model) => {
    if (model === 'Client') return { ...forgetful, find: (id) => findClientMetadata(ctx, id) };
    // The provider's cookie session is never kept: only a proof given at the login origin signs in.
    if (model === 'Session') return forgetful;
    return {
      ...forgetful,
      upsert: async (id, payload, expiresIn = DEFAULT_LIFE_SECONDS) => {
        if (model !== 'ReplayDetection') await payloads.put(model, id, payload, expiresIn);
        // The provider looked before it saved: of two equal proofs at once, one loses here.
        else if (!(await payloads.insert(model, id, payload, expiresIn))) {
          throw new errors.InvalidDpopProof('DPoP proof JWT Replay detected');
        }
      },
      find: (id) => payloads.find(model, id),
      consume: async (id) => {
        if (!(await payloads.consume(model, id))) {
          throw new errors.InvalidGrant('already used');
        }
      },
      destroy: (id) => payloads.remove(model, id),
      revokeByGrantId: (grantId) => payloads.removeGrant(grantId),
    };
  };
}

const forgetful: Adapter = {
  upsert: () => Promise.resolve(),
  find: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  findByUid: () => Promise.resolve(undefined),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  revokeByGrantId: () => Promise.resolve(),
};
