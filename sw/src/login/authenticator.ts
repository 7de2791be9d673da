/** The browser's WebAuthn, with the options and answers as JSON. */
import { AppError } from '@postern/shared/errors';
import {
  browserSupportsWebAuthn,
  startAuthentication,
  startRegistration,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';

/** Both throw an AppError `ERR_PASSKEY_CANCELLED` or `ERR_PASSKEY_FAILED`. */
export interface Authenticator {
  get(options: unknown): Promise<object>;
  create(options: unknown): Promise<object>;
}

export const hasAuthenticator = (): boolean => browserSupportsWebAuthn();

export const authenticator: Authenticator = {
  get: (options) =>
    asked(() =>
      startAuthentication({ optionsJSON: options as PublicKeyCredentialRequestOptionsJSON }),
    ),
  create: (options) =>
    asked(() =>
      startRegistration({ optionsJSON: options as PublicKeyCredentialCreationOptionsJSON }),
    ),
};

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const cancelled =
      cause instanceof Error && (cause.name === 'NotAllowedError' || cause.name === 'AbortError');
    throw cancelled
      ? new AppError('ERR_PASSKEY_CANCELLED', 'the person did not go on', { cause })
      : new AppError('ERR_PASSKEY_FAILED', 'the authenticator failed', { cause });
  }
}
