/**
 * A passkey authenticator for a browser that has no virtual one to be driven: WebDriver BiDi, which drives Firefox
 * here, has no commands for it. The page's `navigator.credentials` are answered by {@link SoftAuthenticator}; all
 * else, the page's code and the controller's checks, is the real thing.
 */
import type { TestPage } from './browser.ts';
import { SoftAuthenticator } from './soft-authenticator.ts';

/** Lets the next `navigator.credentials.create()` of the page that is shown succeed. */
export async function answerNextRegistration(page: TestPage): Promise<() => Promise<void>> {
  await page.evaluate(`(() => {
    const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)).buffer;
    const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    navigator.credentials.create = ({ publicKey }) => new Promise((resolve) => {
      window.softAuthenticator = {
        challenge: text(publicKey.challenge),
        answer: ({ id, rawId, type, response }) => resolve({
          id, type, rawId: bytes(rawId), authenticatorAttachment: 'platform',
          getClientExtensionResults: () => ({}),
          response: {
            clientDataJSON: bytes(response.clientDataJSON),
            attestationObject: bytes(response.attestationObject),
            getTransports: () => response.transports,
          },
        }),
      };
    });
  })()`);
  return async () => {
    await page.waitFor('window.softAuthenticator !== undefined');
    const origin = await page.evaluate<string>('location.origin');
    const challenge = await page.evaluate<string>('window.softAuthenticator.challenge');
    const made = new SoftAuthenticator(origin).create({ challenge });
    await page.evaluate(`window.softAuthenticator.answer(${JSON.stringify(made)})`);
  };
}
