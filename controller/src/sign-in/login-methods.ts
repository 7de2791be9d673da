/** How people may sign in to an application: what it allows and what is set up. */
import type { Interaction } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import type { ExternalJwtSigner } from '../model/external-jwt-signers.ts';
import type { Application } from '../model/services.ts';
import { repositories } from '../store/repositories.ts';

type LoginMethod = Interaction['methods'][number];
const MAX_METHODS = 16;

/** Whether the application lets people sign in by this signer. */
export function allowsSigner(application: Application, signer: ExternalJwtSigner): boolean {
  return (
    signer.enabled &&
    application.loginMethods.includes('ext-jwt') &&
    (application.signerIds.length === 0 || application.signerIds.includes(signer.id))
  );
}

/** What the login page offers, in a stable order. */
export async function loginMethods(
  ctx: Pick<ControllerContext, 'store'>,
  application: Application,
): Promise<LoginMethod[]> {
  const methods: LoginMethod[] = [];
  for (const signer of await repositories.externalJwtSigners.find(ctx.store.db)) {
    // Without a client id and an issuer to discover, a page cannot start a sign-in there.
    if (!allowsSigner(application, signer) || signer.clientId === '') continue;
    methods.push(externalMethod(signer));
  }
  if (application.loginMethods.includes('password')) methods.push({ type: 'password' });
  if (application.loginMethods.includes('passkey')) methods.push({ type: 'passkey' });
  return methods.slice(0, MAX_METHODS);
}

/** What a page needs to begin a sign-in at an identity provider. */
export function externalMethod(signer: ExternalJwtSigner) {
  return {
    type: 'ext-jwt' as const,
    signerId: signer.id,
    name: signer.name,
    issuer: signer.externalAuthUrl ?? signer.issuer,
    clientId: signer.clientId,
    scopes: signer.scopes.slice(0, 32),
  };
}
