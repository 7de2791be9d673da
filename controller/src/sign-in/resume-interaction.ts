import { randomBytes } from 'node:crypto';
import type { Provider } from 'oidc-provider';
import type { SignInProof } from '../oidc/create-provider.ts';
import { hashId } from '../oidc/payload-store.ts';
import type { SignInSession } from './sessions.ts';

type Interaction = InstanceType<Provider['Interaction']>;

/** Lets the authorization request go on, in the browser that holds the ticket alone. */
export async function resumeInteraction(
  interaction: Interaction,
  session: SignInSession,
): Promise<string> {
  const ticket = randomBytes(32).toString('base64url');
  const proof: SignInProof = { sessionId: session.id, ticketHash: hashId(ticket) };
  interaction.result = {
    login: {
      accountId: session.identityId,
      remember: false,
      ts: Math.floor(session.createdAtMs / 1000),
    },
    signIn: proof,
  };
  await interaction.persist();
  const resumeUrl = new URL(interaction.returnTo);
  resumeUrl.searchParams.set('ticket', ticket);
  return resumeUrl.href;
}
