import { createContext, use } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { Operation } from '../api/operations.ts';
import { mayCall } from '../api/rights.ts';
import type { Me, Session } from './session.ts';

export interface SignedIn {
  readonly session: Session;
  readonly client: ApiClient;
  readonly me: Me;
}

export const SignedInContext = createContext<SignedIn | undefined>(undefined);

/** Below the sign-in screen only. */
export function useSignedIn(): SignedIn {
  const found = use(SignedInContext);
  if (!found) throw new Error('used outside of a session');
  return found;
}

export function useClient(): ApiClient {
  return useSignedIn().client;
}

/** Whether the person may call an operation: what they may not is not shown. */
export function useMay(): (operation: Operation) => boolean {
  const { me } = useSignedIn();
  return (operation) => mayCall(me, operation);
}
