import { readFile } from 'node:fs/promises';
import { AppError } from '@postern/shared/errors';
import { Agent, request } from 'undici';
import { z } from 'zod';

const envelopeSchema = z.object({
  data: z.unknown().optional(),
  error: z
    .object({ code: z.string(), message: z.string(), cause: z.unknown() })
    .partial()
    .optional(),
});
const withId = z.object({ id: z.string() });

/** The few calls of the Edge Management API that setting up a network takes. */
export class AdminClient {
  readonly #baseUrl: string;
  readonly #dispatcher: Agent;
  readonly #session: string;

  private constructor(baseUrl: string, dispatcher: Agent, session: string) {
    this.#baseUrl = baseUrl;
    this.#dispatcher = dispatcher;
    this.#session = session;
  }

  /**
   * Signs in with a password.
   * @param baseUrl `https://host:port/edge/management/v1`
   * @param caFile PEM of the controller's CA.
   */
  static async signIn(
    baseUrl: string,
    caFile: string,
    username: string,
    password: string,
  ): Promise<AdminClient> {
    const dispatcher = new Agent({ connect: { ca: await readFile(caFile, 'utf8') } });
    const response = await request(`${baseUrl}/authenticate?method=password`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    const data = readData('authenticate', response.statusCode, await response.body.json());
    return new AdminClient(baseUrl, dispatcher, z.object({ token: z.string() }).parse(data).token);
  }

  /** Of the session. */
  get token(): string {
    return this.#session;
  }

  /** Detail of the one entity of that name, or `undefined`. */
  async find(type: string, name: string): Promise<{ id: string; detail: unknown } | undefined> {
    const filter = encodeURIComponent(`name = ${JSON.stringify(name)}`);
    const [found] = z.array(withId).parse(await this.#call('GET', `${type}?filter=${filter}`));
    return found && { id: found.id, detail: await this.#call('GET', `${type}/${found.id}`) };
  }

  async get(type: string, id: string): Promise<unknown> {
    return this.#call('GET', `${type}/${id}`);
  }

  /** Creates the entity, or brings the one of the same name to these values. Returns its id. */
  async ensure(type: string, values: { name: string } & Record<string, unknown>): Promise<string> {
    const before = await this.find(type, values.name);
    if (before) {
      await this.#call('PATCH', `${type}/${before.id}`, values);
      return before.id;
    }
    return this.create(type, values);
  }

  async create(type: string, values: Record<string, unknown>): Promise<string> {
    return withId.parse(await this.#call('POST', type, values)).id;
  }

  async close(): Promise<void> {
    await this.#dispatcher.close();
  }

  async #call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown> {
    const response = await request(`${this.#baseUrl}/${path}`, {
      method,
      dispatcher: this.#dispatcher,
      headers: { 'content-type': 'application/json', 'zt-session': this.#session },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return readData(`${method} ${path}`, response.statusCode, await response.body.json());
  }
}

function readData(call: string, status: number, body: unknown): unknown {
  const envelope = envelopeSchema.parse(body);
  if (status >= 300) {
    throw new AppError(
      'ERR_CLI_ADMIN_API',
      `${call}: ${status} ${envelope.error?.code ?? ''} ${envelope.error?.message ?? ''} ${JSON.stringify(envelope.error?.cause ?? '')}`,
    );
  }
  return envelope.data;
}
