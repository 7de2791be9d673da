import { z } from 'zod';
import { peerCertificateOf } from '../auth/client-certificate.ts';
import { hashPassword } from '../auth/passwords.ts';
import type { ControllerContext } from '../context.ts';
import { extendRouter } from '../enroll/extend.ts';
import { redeemCa, redeemOttCa } from '../enroll/redeem-certificate.ts';
import { enrollByJwt } from '../enroll/redeem-jwt.ts';
import { peekUpdb, redeemErott, redeemOtt, redeemUpdb } from '../enroll/redeem.ts';
import { credentialsOf } from './authorize.ts';
import { validate } from './body.ts';
import { requirePassword } from './entities/authenticators.ts';
import { detail } from './envelope.ts';
import { EdgeError, type EdgeErrorCode } from './errors.ts';
import { detailOf } from './responses.ts';
import type { EdgeRequest, EdgeRoutes } from './routes.ts';

const MAX_BODY_CHARS = 65_536;
const csr = z.string().max(16_384);
const token = z.string().max(256).optional();
const ottBody = z.object({ token, clientCsr: csr });
const ottCaBody = z.object({ token });
const caBody = z.object({ name: z.string().max(200).default('') });
const updbBody = z.object({
  token,
  username: z.string().max(100).optional(),
  password: z.string().max(100),
});
const routerBody = z.object({
  token,
  certCsr: csr.optional(),
  clientCsr: csr.optional(),
  serverCertCsr: csr.optional(),
  serverCsr: csr.optional(),
});
const jwtBody = z.object({ clientCsr: csr.optional() });

const TYPES = [
  'application/json',
  'application/x-pem-file',
  'application/pkcs10',
  'application/jwt',
  'text/plain',
];

const enrolled = z
  .strictObject({
    cert: z.string().optional(),
    serverCert: z.string().optional(),
    ca: z.string().optional(),
    username: z.string().optional(),
  })
  .meta({ id: 'Enrolled' });

type Credential = z.output<typeof enrolled>;
interface Method {
  summary: string;
  /** JSON, or `{ clientCsr }` of a bare PEM body. */
  body: z.ZodType;
  errors: readonly EdgeErrorCode[];
  enroll: (ctx: ControllerContext, request: EdgeRequest, body: unknown) => Promise<Credential>;
}

const TOKEN_ERRORS = ['INVALID_ENROLLMENT_TOKEN', 'ENROLLMENT_EXPIRED'] as const;
const CERTIFICATE_ERRORS = ['INVALID_CLIENT_CERT', 'CERT_IN_USE'] as const;

const METHODS: Readonly<Record<string, Method>> = {
  ott: {
    summary: 'One-time token and signing request: a client certificate',
    body: ottBody,
    errors: [...TOKEN_ERRORS, 'COULD_NOT_PROCESS_CSR'],
    enroll: (ctx, request, body) =>
      redeemOtt(ctx, tokenOf(request, body), validate(ottBody, body).clientCsr),
  },
  ottca: {
    summary: 'One-time token and client certificate of its authority: that certificate signs in',
    body: ottCaBody,
    errors: [...TOKEN_ERRORS, ...CERTIFICATE_ERRORS],
    enroll: (ctx, request, body) => redeemOttCa(ctx, tokenOf(request, body), peerOf(request)),
  },
  ca: {
    summary: 'Client certificate of an authority with automatic enrolment: a new identity',
    body: caBody,
    errors: [...CERTIFICATE_ERRORS, 'MISSING_CERT_CLAIM', 'ENROLLMENT_IDENTITY_ALREADY_ENROLLED'],
    enroll: (ctx, request, body) => redeemCa(ctx, peerOf(request), validate(caBody, body).name),
  },
  updb: {
    summary: 'One-time token and password: log in by user name and password',
    body: updbBody,
    errors: [...TOKEN_ERRORS, 'COULD_NOT_VALIDATE'],
    enroll: async (ctx, request, body) => {
      const { password } = validate(updbBody, body);
      const given = tokenOf(request, body);
      await requirePassword(ctx.store.db, await peekUpdb(ctx, given), password);
      return redeemUpdb(ctx, given, await hashPassword(password));
    },
  },
  erott: {
    summary: 'One-time token and two signing requests: the certificates of a router',
    body: routerBody,
    errors: [
      ...TOKEN_ERRORS,
      'MISSING_OR_INVALID_CSR',
      'COULD_NOT_PROCESS_CSR',
      'INVALID_COMMON_NAME',
    ],
    enroll: (ctx, request, body) => {
      const { certCsr, serverCertCsr } = routerRequests(body);
      return redeemErott(ctx, tokenOf(request, body), certCsr, serverCertCsr);
    },
  },
  token: {
    summary: 'External JWT as bearer: a new identity, with a signing request also its certificate',
    body: jwtBody,
    errors: [
      'INVALID_AUTH',
      'INVALID_ENROLLMENT_NOT_ALLOWED',
      'ENROLLMENT_IDENTITY_ALREADY_ENROLLED',
      'COULD_NOT_PROCESS_CSR',
    ],
    enroll: async (ctx, request, body) => {
      const [bearer] = credentialsOf(request.context).bearers;
      if (bearer === undefined) throw new EdgeError('INVALID_AUTH');
      const jwt = await ctx.auth.verifyExternalJwt(bearer);
      const wanted = request.context.req.header('ziti-token-issuer-id');
      if (wanted !== undefined && wanted !== '' && wanted !== jwt.signer.id)
        throw new EdgeError('INVALID_AUTH');
      const { cert } = await enrollByJwt(ctx, jwt, validate(jwtBody, body).clientCsr);
      return cert === undefined ? {} : { cert, ca: ctx.pki.trustBundlePem };
    },
  },
};

/** `POST /enroll?method=…&token=…` and its per-method forms (specs/edge-api.md §3.6). */
export function addEnrollRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const common = {
    method: 'post',
    access: 'anyone',
    accepts: TYPES,
    rate: 'login',
    response: detailOf(enrolled),
  } as const;
  const query = {
    token: { schema: z.string().max(256), description: 'The enrolment token' },
  };
  const serve = async (request: EdgeRequest, method: Method | undefined) => {
    if (!method) throw new EdgeError('INVALID_ENROLL_METHOD');
    return detail(await method.enroll(ctx, request, await readBody(request)));
  };

  routes.add(
    {
      ...common,
      path: '/enroll',
      summary: 'Turn an enrolment token into credentials',
      query: {
        ...query,
        method: { schema: z.string().max(32), description: Object.keys(METHODS).join(', ') },
      },
      errors: [
        'INVALID_ENROLL_METHOD',
        ...new Set(Object.values(METHODS).flatMap(({ errors }) => errors)),
      ],
    },
    (request) => {
      const name = request.query('method') ?? '';
      return serve(request, Object.hasOwn(METHODS, name) ? METHODS[name] : undefined);
    },
  );
  for (const [name, method] of Object.entries(METHODS)) {
    const { summary, body: describedBody, errors } = method;
    routes.add(
      { ...common, path: `/enroll/${name}`, summary, query, describedBody, errors },
      (request) => serve(request, method),
    );
  }
  routes.add(
    {
      ...common,
      path: '/enroll/extend/router',
      summary: 'New certificates of a router, proven by its present one over mutual TLS',
      describedBody: routerBody,
      errors: [
        'INVALID_CLIENT_CERT',
        'MISSING_OR_INVALID_CSR',
        'COULD_NOT_PROCESS_CSR',
        'INVALID_COMMON_NAME',
      ],
    },
    async (request) =>
      detail(await extendRouter(ctx, peerOf(request), routerRequests(await readBody(request)))),
  );
}

function tokenOf(request: EdgeRequest, body: unknown): string {
  const given = request.query('token') ?? (body as { token?: unknown }).token;
  if (typeof given !== 'string' || given === '') throw new EdgeError('INVALID_ENROLLMENT_TOKEN');
  return given;
}

function peerOf({ context }: EdgeRequest) {
  return peerCertificateOf(context.env.incoming.socket);
}

function routerRequests(body: unknown): { certCsr: string; serverCertCsr: string } {
  const { certCsr, clientCsr, serverCertCsr, serverCsr } = validate(routerBody, body);
  const client = certCsr ?? clientCsr;
  const server = serverCertCsr ?? serverCsr;
  if (client === undefined || server === undefined) throw new EdgeError('MISSING_OR_INVALID_CSR');
  return { certCsr: client, serverCertCsr: server };
}

/** JSON, or a bare PEM request as the Go and C SDKs post it. */
async function readBody(request: EdgeRequest): Promise<unknown> {
  const text = await request.text();
  if (text.length > MAX_BODY_CHARS) throw new EdgeError('REQUEST_ENTITY_TOO_LARGE');
  if (text.includes('-----BEGIN') && !text.trimStart().startsWith('{')) return { clientCsr: text };
  try {
    const body: unknown = JSON.parse(text === '' ? '{}' : text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    throw new EdgeError('COULD_NOT_PARSE_BODY');
  }
}
