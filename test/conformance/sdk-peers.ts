/** Programs as routers meet them: certificates and tokens of a network whose controller is a stand-in. */
import type { RouterNetwork } from '../harness/router-network.ts';
import { HOST, SERVICE, SESSION, USER } from '../harness/router-network.ts';
import { createTestSigner, ISSUER, type TestSigner } from '../harness/router-pki.ts';
import { text, u32, WireClient, yes, type Headers } from './sdk-wire.ts';

const HOST_SESSION = 'host-session';
export const PUBLIC_KEY = Buffer.alloc(32, 0x33);
export const HOST_KEY = Buffer.alloc(32, 0x44);

export class SdkPeers {
  readonly network: RouterNetwork;
  readonly signer: TestSigner;
  readonly #clients: WireClient[] = [];

  private constructor(network: RouterNetwork, signer: TestSigner) {
    this.network = network;
    this.signer = signer;
  }

  /** Lets the network's service be dialed and hosted by OpenZiti's SDKs. */
  static async create(network: RouterNetwork): Promise<SdkPeers> {
    const signer = await createTestSigner('session');
    network.controller.put('signingKey', signer.entity);
    network.controller.put('service', {
      id: SERVICE,
      name: 'Service',
      roleAttributes: [],
      encryptionRequired: true,
      acceptedEncryption: ['ziti'],
      terminatorStrategy: 'smartrouting',
    });
    return new SdkPeers(network, signer);
  }

  sessionToken(claims: Record<string, unknown> = {}): Promise<string> {
    return this.signer.sign('JWT', {
      ...times(1800),
      aud: 'openziti',
      sub: USER,
      z_asid: SESSION,
      z_t: 'l',
      jti: crypto.randomUUID(),
      ...claims,
    });
  }

  serviceToken(type: 'Dial' | 'Bind', claims: Record<string, unknown> = {}): Promise<string> {
    return this.signer.sign('JWT', {
      ...times(1800),
      aud: 'openziti',
      sub: SERVICE,
      z_asid: type === 'Dial' ? SESSION : HOST_SESSION,
      z_iid: type === 'Dial' ? USER : HOST,
      z_t: 's',
      z_st: type,
      jti: crypto.randomUUID(),
      ...claims,
    });
  }

  /** A TLS connection with the certificate of an identity; says nothing yet. */
  async connect(path = `identity/${USER}`, alpn?: string[], routerId = 'r1'): Promise<WireClient> {
    const client = new WireClient({
      port: this.network.router(routerId).fabricPort,
      ca: this.network.pki.ca,
      ...(await this.network.pki.issue(path)),
      ...(alpn && { alpn }),
    });
    this.#clients.push(client);
    return client;
  }

  /** A connection of the user that was accepted. */
  async dialer(routerId = 'r1'): Promise<WireClient> {
    const client = await this.connect(`identity/${USER}`, ['ziti-edge'], routerId);
    const hello = client.send(0, { 1002: text(await this.sessionToken()) }, 'sdk');
    await client.answerTo(hello);
    return client;
  }

  /** A connection of the host that was accepted. */
  async host(routerId = 'r1'): Promise<WireClient> {
    const client = await this.connect(`identity/${HOST}`, undefined, routerId);
    const token = await this.sessionToken({ sub: HOST, z_asid: HOST_SESSION });
    await client.answerTo(client.send(0, { 1002: text(token) }, 'sdk'));
    return client;
  }

  /** Binds the service as C and Go do; answers the token, which comes back in each Dial. */
  async bind(host: WireClient, bindId: number, headers: Headers = {}): Promise<string> {
    const token = await this.serviceToken('Bind');
    const sequence = host.send(
      60790,
      { 1000: u32(bindId), 1012: yes, 1021: Buffer.from(`listener ${bindId}`), ...headers },
      token,
    );
    const answer = await host.answerTo(sequence);
    if (answer.type !== 60784) throw new Error(answer.body.toString());
    return token;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

function times(lifeSeconds: number): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, iat: now, exp: now + lifeSeconds, out: now + lifeSeconds + 900 };
}
