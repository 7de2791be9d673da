/**
 * Requests of pages of another origin, held to what browsers let such pages do: preflights, CORS checks,
 * no identity, cookies of their own. It happens here, because in the browser every page of that
 * origin could leave it out (docs/threat-model.md, "Decisions").
 */
import { AppError, isAppError } from '@postern/shared/errors';
import {
  contentLengthOf,
  encodeResponseHead,
  type Field,
  type RequestHead,
} from '@postern/shared/protocol/http';
import type { SessionStream } from '@postern/shared/protocol/session';
import { sealCrossSiteCookie } from '../../cookies/cookie-fields.ts';
import { forward } from '../forward.ts';
import { openRequestBody, type RequestBody } from '../request-body.ts';
import { buildRequestFields } from '../request-fields.ts';
import { parseRequestTarget } from '../request-target.ts';
import { buildResponseFields } from '../response-fields.ts';
import { enforceRules } from '../rules.ts';
import {
  discardRest,
  hostFor,
  type ExchangeRecord,
  type HttpServiceContext,
} from '../serve-http.ts';
import { RESUME_FIELD, serveWebSocket } from '../serve-websocket.ts';
import { CROSS_ORIGIN_FIELD, parseCaller, type CrossOriginCaller } from './caller.ts';
import { exposedFields, mayBeEmbedded, passesCorsCheck, unsafeNames } from './cors-rules.ts';
import { isPossible, metadataFields, splitFields, type SplitFields } from './request-fields.ts';

/** Fetch §4.4 "HTTP-redirect fetch". */
const MAX_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Why a page does not get an answer; said to the service worker, never to the page's script. */
type Outcome = 'opaque' | 'redirect' | 'preflight' | 'no-allow-origin' | 'elsewhere' | 'refused';

/** An answer that goes no further than here. */
class Withheld extends AppError {
  readonly outcome: Outcome;
  readonly cookies: readonly Field[];

  constructor(outcome: Outcome, cookies: readonly Field[] = []) {
    super('ERR_CROSS_ORIGIN_WITHHELD', `kept from the page of another origin: ${outcome}`);
    this.outcome = outcome;
    this.cookies = cookies;
  }
}

class Redirected extends AppError {
  readonly by: number;
  readonly location: string;

  constructor(by: number, location: string) {
    super('ERR_CROSS_ORIGIN_REDIRECT', 'redirected');
    this.by = by;
    this.location = location;
  }
}

/** Serves one stream of a session with `via`. Rejects like an exchange of the own origin. */
export async function serveCrossOrigin(
  stream: SessionStream,
  head: RequestHead,
  via: string,
  context: HttpServiceContext,
  record: ExchangeRecord,
): Promise<void> {
  const gone = new AbortController();
  void stream.closed.then(({ reset }) => {
    if (reset !== undefined) gone.abort(new AppError('ERR_HTTP_CLIENT_GONE', 'the browser left'));
  });
  try {
    if (context.config.crossOrigin === 'refuse') throw new Withheld('refused');
    const caller = parseCaller(head.fields, via);
    if (head.webSocket) await socket(stream, head, caller, context, record, gone.signal);
    else await request(stream, head, caller, context, record, gone.signal);
  } catch (error) {
    if (!(error instanceof Withheld)) throw error;
    record.status = 403;
    const fields: Field[] = [[CROSS_ORIGIN_FIELD, error.outcome], ...error.cookies];
    stream.sendHead(encodeResponseHead({ status: 403, fields }));
    await stream.end();
  }
  await discardRest(stream);
}

async function request(
  stream: SessionStream,
  head: RequestHead,
  caller: CrossOriginCaller,
  context: HttpServiceContext,
  record: ExchangeRecord,
  signal: AbortSignal,
): Promise<void> {
  const { config, app, owner, sealer, preflights } = context;
  if (!isPossible(head.method, caller)) throw new Withheld('preflight');
  const split = splitFields(head.fields, caller, false);
  const answered = new AbortController();
  let { method } = head;
  let target = parseRequestTarget(head.target, config.rules !== undefined);
  let body: RequestBody | undefined;
  let isBodyless = false;

  for (let hops = 0; ; hops++) {
    enforceRules(config.rules, method, target.path);
    const metadata = metadataFields(caller, method, caller.mode);
    if (caller.mode === 'cors') {
      const unsafe = unsafeNames(split.byScript);
      const isAllowed =
        (unsafe.length === 0 && ['GET', 'HEAD', 'POST'].includes(method)) ||
        (await preflights.allow({
          asker: caller,
          path: target.raw,
          method,
          unsafe,
          fields: toApp([['accept', '*/*'], ...metadata], context),
          signal,
        }));
      if (!isAllowed) throw new Withheld('preflight');
    }
    body ??= await openRequestBody(stream, {
      method,
      contentLength: contentLengthOf(head.fields),
      maxBytes: config.maxRequestBytes,
      signal: AbortSignal.any([signal, answered.signal]),
      onBytes: (bytes) => (record.bytesToApp += bytes),
    });
    const fields = toApp([...fieldsOf(split, isBodyless), ...metadata], context);
    try {
      await forward(
        stream,
        { method, path: target.raw, fields, body },
        {
          ...{ app, owner, sealer, signal },
          onStatus: (status) => (record.status = status),
          onBytes: (bytes) => (record.bytesToClient += bytes),
          judge: (status, raw) => judge(status, raw, caller, context),
        },
      );
    } catch (error) {
      if (!(error instanceof Redirected)) throw error;
      const next = new URL(error.location, (context.applicationOrigin ?? '') + target.raw);
      // The page could read where another place is: browsers do not show a `Location` to script.
      if (next.origin !== context.applicationOrigin || hops >= MAX_REDIRECTS) {
        throw new Withheld('elsewhere');
      }
      const isGet =
        (error.by === 303 && method !== 'HEAD') || (error.by < 303 && method === 'POST');
      if (isGet) {
        method = 'GET';
        body = { kind: 'none' };
        isBodyless = true;
      } else if (body.kind === 'stream') throw new Withheld('elsewhere');
      target = parseRequestTarget(next.pathname + next.search, config.rules !== undefined);
      continue;
    }
    if (body.kind === 'stream') answered.abort(new AppError('ERR_HTTP_ANSWERED', 'answered'));
    return;
  }
}

/** What goes on to the page of an answer. Throws {@link Withheld} and {@link Redirected}. */
function judge(
  status: number,
  raw: readonly Buffer[],
  caller: CrossOriginCaller,
  { owner, sealer }: HttpServiceContext,
): readonly Field[] {
  const fields = buildResponseFields(raw, owner, sealer, (value) =>
    caller.isCredentialed ? sealCrossSiteCookie(value, owner, sealer) : undefined,
  );
  const cookies = fields.filter(([name]) => name === 'set-cookie');
  const isReadable = passesCorsCheck(fields, caller);
  if (caller.mode === 'cors' && !isReadable) throw new Withheld('no-allow-origin', cookies);
  const location = fields.find(([name]) => name === 'location')?.[1];
  if (REDIRECTS.has(status) && location !== undefined) {
    if (caller.redirect === 'error') throw new Withheld('elsewhere', cookies);
    if (caller.redirect === 'manual') throw new Withheld('redirect', cookies);
    throw new Redirected(status, location);
  }
  if (caller.mode === 'no-cors' && !mayBeEmbedded(fields, caller)) {
    throw new Withheld('opaque', cookies);
  }
  return [...exposedFields(fields, caller), ...cookies];
}

async function socket(
  stream: SessionStream,
  head: RequestHead,
  caller: CrossOriginCaller,
  context: HttpServiceContext,
  record: ExchangeRecord,
  signal: AbortSignal,
): Promise<void> {
  const { config, app, owner, sealer, kept } = context;
  const target = parseRequestTarget(head.target, config.rules !== undefined);
  enforceRules(config.rules, 'GET', target.path);
  const { byBrowser } = splitFields(head.fields, caller, true);
  const fields = toApp([...byBrowser, ...metadataFields(caller, 'GET', 'websocket')], context);
  const resume = head.fields.find(([name]) => name === RESUME_FIELD)?.[1];
  const seal = (value: string): string | undefined => sealCrossSiteCookie(value, owner, sealer);
  await serveWebSocket(
    stream,
    { path: target.raw, fields, resume },
    { app, owner, sealer, kept, signal, record, crossOrigin: { seal } },
  ).catch((error: unknown) => {
    // Browsers tell script nothing of a refused handshake.
    if (isAppError(error, 'ERR_WEBSOCKET_REFUSED')) throw new Withheld('no-allow-origin');
    throw error;
  });
}

/** @param isBodyless the body was left behind by a redirect */
function fieldsOf({ byScript, byBrowser }: SplitFields, isBodyless: boolean): Field[] {
  const all = [...byScript, ...byBrowser];
  return isBodyless ? all.filter(([name]) => !/^content-(?:length|type)$/.test(name)) : all;
}

/** As all requests: names that only trusted hops set, the operator's own fields, cookies opened. */
function toApp(fields: readonly Field[], context: HttpServiceContext): Field[] {
  return buildRequestFields(fields, {
    headers: context.config.headers,
    host: hostFor(context),
    applicationOrigin: context.applicationOrigin,
    assertion: undefined,
    owner: context.owner,
    sealer: context.sealer,
  });
}
