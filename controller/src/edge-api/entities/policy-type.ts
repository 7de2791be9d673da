import { z } from 'zod';
import type { QueryParameters } from '../route-spec.ts';
import type { EdgeRequest } from '../routes.ts';

/** `policyType` of sub-lists that follow service policies. */
export const policyTypeParameter: QueryParameters = {
  policyType: {
    schema: z.string().regex(/^(dial|bind)$/i, 'must be dial or bind'),
    description: 'Only by policies of this type: `dial` or `bind`',
  },
};

/** The types asked for; both when none is named. */
export function wantedPolicyTypes(request: Pick<EdgeRequest, 'query'>): ('Dial' | 'Bind')[] {
  switch (request.query('policyType')?.toLowerCase()) {
    case 'dial':
      return ['Dial'];
    case 'bind':
      return ['Bind'];
    default:
      return ['Dial', 'Bind'];
  }
}
