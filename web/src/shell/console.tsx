import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useMemo, useSyncExternalStore } from 'react';
import { isAppError } from '@postern/shared/errors';
import type { Session, SessionState } from '../session/session.ts';
import { SignInPage } from '../session/sign-in-page.tsx';
import { SignedInContext } from '../session/use-session.ts';
import { createConsoleRouter } from './routes.tsx';

type SignedInState = Extract<SessionState, { status: 'signed-in' }>;

/** The whole console: signing in, then everything else. */
export function Console({ session }: { session: Session }) {
  const state = useSyncExternalStore(session.subscribe, session.state);
  return state.status === 'signed-in' ? (
    <Inside session={session} state={state} />
  ) : (
    <SignInPage session={session} state={state} />
  );
}

/** With a cache that ends with the session: nobody sees what the last person saw. */
function Inside({ session, state }: { session: Session; state: SignedInState }) {
  const signedIn = useMemo(
    () => ({ session, client: state.client, me: state.me }),
    [session, state],
  );
  const [queries, router] = useMemo(() => [createQueries(), createConsoleRouter()] as const, []);
  return (
    <SignedInContext value={signedIn}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </SignedInContext>
  );
}

const MAX_RETRIES = 2;

function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Live events say when a list is out of date.
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < MAX_RETRIES && isAppError(error) && error.retryable,
      },
    },
  });
}
