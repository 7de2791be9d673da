/** A Node program as client of a protected app: the sign-in, then the protocol of `shared` over `ws`. */
import { pointFromJwk, signEs256 } from '@postern/shared/crypto';
import { createKeySet, type VerificationKey } from '@postern/shared/grants';
import { connectSecure } from '@postern/shared/protocol/handshake';
import type { SecureSession } from '@postern/shared/protocol/session';
import { Agent, fetch as undiciFetch } from 'undici';
import { createNodeRecordCipher } from '../../connector/src/sessions/node-record-cipher.ts';
import type { RunningDemo } from '../harness/demo.ts';
import { connectBrowser } from '../harness/router-peers.ts';
import {
  AppClient,
  json,
  LoginPage,
  type DialGrantResponse,
  type LoginResult,
  type TokenResponse,
} from '../harness/sign-in-flow.ts';
import { UserAgent } from '../harness/user-agent.ts';
import type { ApplicationInfo } from '@postern/shared/schemas';

/** Signed in to one app of the demo; dials it as often as asked. */
export class NodeClient {
  readonly #app: AppClient;
  readonly #accessToken: string;
  readonly #dispatcher: Agent;

  private constructor(app: AppClient, accessToken: string, dispatcher: Agent) {
    this.#app = app;
    this.#accessToken = accessToken;
    this.#dispatcher = dispatcher;
  }

  /** Signs in as the demo's person, by the same steps as a browser. */
  static async signIn(demo: RunningDemo, appName: string): Promise<NodeClient> {
    const dispatcher = new Agent({
      connect: { lookup: (_name, _options, found) => found(null, [loopback]) },
    });
    // The two kinds of `fetch` differ in types only.
    const send = ((url: URL, init: object) =>
      undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch;
    const agent = new UserAgent(send);
    const config = new URL('/.postern/config.json', demo.app(appName).url);
    const app = await AppClient.create(
      agent,
      await json<ApplicationInfo>(await agent.fetch(config)),
    );
    const uid = await app.begin();
    const page = await LoginPage.create(agent, app.info);
    const { methods } = await page.interaction(uid);
    const method = methods[0];
    if (method?.type !== 'ext-jwt') throw new Error('no external sign-in offered');
    const { login } = demo.report;
    const token = await page.externalIdToken(method, login, page.nonce(uid));
    const { resumeUrl } = await json<LoginResult>(
      await page.call('POST', `/interactions/${uid}/ext-jwt`, {
        body: { signerId: method.signerId, token },
      }),
    );
    const issued = await json<TokenResponse>(await app.exchange(await app.resume(resumeUrl)));
    return new NodeClient(app, issued.access_token, dispatcher);
  }

  /** A secure session through the first router offered. */
  async connect(): Promise<{ session: SecureSession; routerName: string; close: () => void }> {
    const grant = await json<DialGrantResponse>(await this.#app.dialGrant(this.#accessToken));
    const router = grant.routers[0];
    if (router === undefined) throw new Error('no router offered');
    const { privateKey, jwk, thumbprint } = this.#app.key;
    const publicPoint = pointFromJwk(jwk as Parameters<typeof pointFromJwk>[0]);
    const sign = (bytes: Uint8Array) => signEs256(privateKey, bytes);
    const { edge } = connectBrowser(router.edgeUrls[0] ?? '', this.#accessToken, {
      thumbprint,
      publicPoint,
      sign,
    });
    const session = await connectSecure({
      circuit: await edge.dial(grant.dialGrant),
      serviceId: grant.service.id,
      keys: createKeySet(grant.keys as unknown as VerificationKey[]),
      dialGrant: grant.dialGrant,
      assertion: grant.assertion,
      key: { privateKey, publicPoint },
      createCipher: createNodeRecordCipher,
    });
    return { session, routerName: router.name, close: () => edge.close() };
  }

  async close(): Promise<void> {
    await this.#dispatcher.close();
  }
}

/** Every name of the demo. */
const loopback = { address: '127.0.0.1', family: 4 };
