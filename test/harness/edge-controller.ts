/** A running controller and what tests of its REST APIs need: documents, sessions, calls. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger, type Logger } from '@postern/shared/log';
import { Agent, request } from 'undici';
import { defaultKind } from './stores.ts';

export const MANAGEMENT = '/edge/management/v1';
export const CLIENT = '/edge/client/v1';
export const FABRIC = '/fabric/v1';

export interface Answer {
  readonly status: number;

  readonly body: any;
  readonly text: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

export interface CallOptions {
  /** `zt-session`; none: anonymous. */
  readonly token?: string | undefined;
  /** A string is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface OpenApi {
  readonly servers: readonly { url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}
export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly 'x-access': string;
  readonly parameters?: readonly { name: string; in: string; schema: Record<string, unknown> }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { schema: Record<string, unknown> }>>;
  };
  readonly responses: Readonly<Record<string, Record<string, unknown>>>;
}

export interface EdgeController {
  readonly controller: RunningController;
  /** Of the default administrator. */
  readonly admin: string;
  readonly adminId: string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** As the administrator, under the Management API. */
  manage(method: string, path: string, body?: unknown): Promise<Answer>;
  /** As the administrator; the id of what was made. */
  create(path: string, body: unknown): Promise<string>;
  /** A new identity with a password and a session. */
  createUser(name: string, values?: object): Promise<{ id: string; token: string }>;
  login(username: string, password: string): Promise<Answer>;
  document(base: string): Promise<OpenApi>;
  /** Moves the controller's clock. */
  advance(ms: number): void;
  dispose(): Promise<void>;
}

export const PASSWORD = 'a long enough password';

export async function startEdgeController(
  options: { logger?: Logger; adminRequestsPerMinute?: number } = {},
): Promise<EdgeController> {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-api-'));
  const database = await defaultKind.create();
  let offsetMs = 0;
  const controller = await createController(
    controllerConfigSchema.parse({
      dataDir,
      store: await database.config(),
      admin: { port: 0 },
      public: { port: 0, tls: 'none' },
      control: { port: 0 },
      loginOrigin: 'http://login.localhost:8080',
      auth: { attemptsPerMinute: 100_000 },
      limits: {
        adminRequestsPerMinute: options.adminRequestsPerMinute ?? 1_000_000,
        clientRequestsPerMinute: 1_000_000,
      },
    }),
    {
      logger: options.logger ?? silentLogger,
      clock: () => Date.now() + offsetMs,
      checkResponses: true,
    },
  );
  const agent = new Agent({
    connect: { ca: controller.trustBundlePem },
    connections: 16,
    // Well before the server's five seconds, so that neither closes what the other uses.
    keepAliveTimeout: 1000,
    keepAliveMaxTimeout: 1000,
  });

  const call: EdgeController['call'] = async (method, path, { token, body, headers } = {}) => {
    const response = await request(controller.admin.url + path, {
      method: method.toUpperCase() as 'GET',
      dispatcher: agent,
      headers: {
        ...(token && { 'zt-session': token }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    return {
      status: response.statusCode,
      body: isJson && text !== '' ? (JSON.parse(text) as unknown) : text,
      text,
      headers: response.headers,
    };
  };
  const login: EdgeController['login'] = (username, password) =>
    call('POST', `${MANAGEMENT}/authenticate?method=password`, { body: { username, password } });
  const password = (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim();
  const session = (await login('admin', password)).body.data;
  const admin = session.token as string;
  const manage: EdgeController['manage'] = (method, path, body) =>
    call(method, MANAGEMENT + path, { token: admin, body });
  const create: EdgeController['create'] = async (path, body) => {
    const answer = await manage('POST', path, body);
    if (answer.status !== 201) throw new Error(`POST ${path} answered ${answer.text}`);
    return answer.body.data.id as string;
  };

  return {
    controller,
    admin,
    adminId: session.identityId as string,
    call,
    manage,
    create,
    login,
    async createUser(name, values = {}) {
      const identity = { name, type: 'User', isAdmin: false, ...values };
      const id = await create('/identities', identity);
      const username = `user-${name}`;
      await create('/authenticators', {
        method: 'updb',
        identityId: id,
        username,
        password: PASSWORD,
      });
      return { id, token: (await login(username, PASSWORD)).body.data.token as string };
    },
    document: async (base) => (await call('GET', `${base}/openapi.json`)).body as OpenApi,
    advance: (ms) => (offsetMs += ms),
    async dispose() {
      await agent.close();
      await controller.close();
      await database.dispose();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
