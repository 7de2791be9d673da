/** The calls of the Edge Management API that tests need, as the administrator. */
import { request } from 'node:https';
import type { RunningController } from '@postern/controller';

type Json = Record<string, unknown>;

export class ManagementClient {
  readonly #controller: Pick<RunningController, 'admin' | 'trustBundlePem'>;
  #session = '';

  private constructor(controller: Pick<RunningController, 'admin' | 'trustBundlePem'>) {
    this.#controller = controller;
  }

  static async signIn(
    controller: Pick<RunningController, 'admin' | 'trustBundlePem'>,
    { username, password }: { username: string; password: string },
  ): Promise<ManagementClient> {
    const client = new ManagementClient(controller);
    const session = await client.post('authenticate?method=password', { username, password });
    client.#session = String(session['token']);
    return client;
  }

  get(path: string): Promise<Json> {
    return this.#call('GET', path);
  }

  post(path: string, body: Json): Promise<Json> {
    return this.#call('POST', path, body);
  }

  patch(path: string, body: Json): Promise<Json> {
    return this.#call('PATCH', path, body);
  }

  delete(path: string): Promise<Json> {
    return this.#call('DELETE', path);
  }

  /** The id of the new entity. */
  async create(type: string, values: Json): Promise<string> {
    return String((await this.post(type, values))['id']);
  }

  #call(method: string, path: string, body?: Json): Promise<Json> {
    const { port } = this.#controller.admin;
    return new Promise((resolve, reject) => {
      const call = request(
        {
          method,
          host: '127.0.0.1',
          port,
          servername: 'localhost',
          path: `/edge/management/v1/${path}`,
          ca: this.#controller.trustBundlePem,
          headers: { 'content-type': 'application/json', 'zt-session': this.#session },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if ((response.statusCode ?? 500) >= 300) {
              reject(new Error(`${method} ${path} answered ${response.statusCode}: ${text}`));
            } else resolve((JSON.parse(text) as { data?: Json }).data ?? {});
          });
        },
      );
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
