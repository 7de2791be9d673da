/** A signed-in client of the network whose session survives its circuits, as a browser's worker does. */
import { pointFromJwk, signEs256 } from '@postern/shared/crypto';
import { createKeySet, type VerificationKey } from '@postern/shared/grants';
import type { Circuit, EdgeConnection } from '@postern/shared/protocol/edge';
import { connectSecure } from '@postern/shared/protocol/handshake';
import type { SecureSession } from '@postern/shared/protocol/session';
import type { WebSocket } from 'ws';
import { createNodeRecordCipher } from '../../connector/src/sessions/node-record-cipher.ts';
import type { Random } from '../harness/random.ts';
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
import { APP_HOST, PASSWORD, USERNAME, type FaultNetwork } from './fault-network.ts';

/** A grant is good for 120 s. */
const RENEW_GRANT_MS = 60_000;

export class FaultClient {
  readonly #app: AppClient;
  readonly #token: string;
  readonly #random: Random;
  #grant: { value: DialGrantResponse; takenMs: number } | undefined;
  #edge: EdgeConnection | undefined;
  #socket: WebSocket | undefined;
  #isStalled = false;

  private constructor(app: AppClient, token: string, random: Random) {
    this.#app = app;
    this.#token = token;
    this.#random = random;
  }

  /** By password, with a token that is good for 5 min. */
  static async signIn({ publicUrl }: FaultNetwork, random: Random): Promise<FaultClient> {
    const agent = new UserAgent();
    const lookup = `${publicUrl}/postern/v1/applications/lookup?host=${APP_HOST}`;
    const app = await AppClient.create(agent, await json(await agent.fetch(lookup)));
    const uid = await app.begin();
    const page = await LoginPage.create(agent, app.info);
    const { resumeUrl } = await json<LoginResult>(
      await page.call('POST', `/interactions/${uid}/password`, {
        body: { username: USERNAME, password: PASSWORD },
      }),
    );
    const tokens = await json<TokenResponse>(await app.exchange(await app.resume(resumeUrl)));
    return new FaultClient(app, tokens.access_token, random);
  }

  async connect(): Promise<SecureSession> {
    const grant = await this.#currentGrant();
    const { privateKey, jwk } = this.#app.key;
    const publicPoint = pointFromJwk(jwk as Parameters<typeof pointFromJwk>[0]);
    const session = await connectSecure({
      circuit: await this.#dial(),
      serviceId: grant.service.id,
      keys: createKeySet(grant.keys as unknown as VerificationKey[]),
      dialGrant: grant.dialGrant,
      assertion: grant.assertion,
      key: { privateKey, publicPoint },
      createCipher: createNodeRecordCipher,
      resume: { redial: (hostId, signal) => this.#dial(hostId, signal) },
    });
    void session.closed.then(() => this.#edge?.close());
    return session;
  }

  /** Another connection of the same person, with the same token and grant. */
  copy(): FaultClient {
    const copy = new FaultClient(this.#app, this.#token, this.#random);
    copy.#grant = this.#grant;
    return copy;
  }

  /** A session on a connection of its own, which ends with it. */
  connectAlone(): Promise<SecureSession> {
    return this.copy().connect();
  }

  /** Takes nothing more from the router, but neither hangs up nor comes back when the router does. */
  stopReading(): void {
    const socket = this.#socket;
    if (socket === undefined) throw new Error('not connected');
    this.#isStalled = true;
    socket.pause();
    socket.close = () => undefined;
    socket.terminate = () => undefined;
  }

  /** The next session asks for another grant: one from before access was removed counts no more. */
  forgetGrant(): void {
    this.#grant = undefined;
  }

  async #dial(hostId?: string, signal?: AbortSignal): Promise<Circuit> {
    if (this.#isStalled) throw new Error('stays where it is');
    const grant = await this.#currentGrant();
    if (this.#edge?.isOpen !== true) this.#edge = await this.#openEdge(grant);
    return this.#edge.dial(grant.dialGrant, {
      movable: true,
      ...(hostId !== undefined && { hostId }),
      ...(signal && { signal }),
    });
  }

  /** Any of the routers that answer. */
  async #openEdge({ routers }: DialGrantResponse): Promise<EdgeConnection> {
    const urls = routers.flatMap(({ edgeUrls }) => edgeUrls);
    const first = this.#random.below(urls.length);
    let failure: unknown;
    for (const url of [...urls.slice(first), ...urls.slice(0, first)]) {
      const { edge, socket } = connectBrowser(url, this.#token, {
        thumbprint: this.#app.key.thumbprint,
        publicPoint: pointFromJwk(this.#app.key.jwk as Parameters<typeof pointFromJwk>[0]),
        sign: (bytes) => signEs256(this.#app.key.privateKey, bytes),
      });
      try {
        await edge.opened;
        this.#socket = socket;
        return edge;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #currentGrant(): Promise<DialGrantResponse> {
    if (this.#grant === undefined || Date.now() - this.#grant.takenMs > RENEW_GRANT_MS) {
      try {
        const value = await json<DialGrantResponse>(await this.#app.dialGrant(this.#token));
        this.#grant = { value, takenMs: Date.now() };
      } catch (error) {
        // While no controller answers the last one has to do, as in a worker.
        if (this.#grant === undefined) throw error;
      }
    }
    return this.#grant.value;
  }
}
