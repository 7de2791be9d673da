/** The response a page gets for what the application answered. */
import { AppError } from '@postern/shared/errors';
import { contentLengthOf } from '@postern/shared/protocol/http';
import { allowsBlobWorker, extendPolicy, extendWorkerPolicy } from '../documents/csp.ts';
import { injectScript, type ReadChunk } from '../documents/inject.ts';
import type { RuntimeScript } from '../documents/runtime-script.ts';
import { injectIntoWorker, type WorkerRuntime } from '../documents/worker-script.ts';
import { reasonPhrase } from './reason-phrases.ts';
import { limitBody, toPageStream } from './response-body.ts';
import { buildResponseHeaders } from './response-fields.ts';
import type { ResponseSource } from './response-source.ts';

export interface PageResponseOptions {
  source: ResponseSource;
  /** Most bytes the body may have once decoded. */
  maxBytes: number;
  /** Given for navigations: writes the runtime into HTML documents. */
  runtime: RuntimeScript | undefined;
  /** Given for scripts of web workers. */
  worker?: WorkerRuntime | undefined;
  /** Name of the file that the response shall become, empty for any; `undefined` for none. */
  download: string | undefined;
}

const POLICY_FIELDS = ['content-security-policy', 'content-security-policy-report-only'];

/** Throws `ERR_HTTP_INVALID`, `ERR_SW_BODY_TOO_LARGE`, or what the body ended with. */
export async function createPageResponse(options: PageResponseOptions): Promise<Response> {
  const { source, maxBytes, runtime, worker, download } = options;
  const { status, fields } = source;
  const headers = buildResponseHeaders(fields);
  const statusText = source.statusText ?? reasonPhrase(status);
  if (download !== undefined) makeDownload(headers, download);
  if (source.read === undefined) return new Response(null, { status, statusText, headers });
  const length = contentLengthOf(fields);
  if (length !== undefined && length > maxBytes) {
    throw new AppError('ERR_SW_BODY_TOO_LARGE', `${length} bytes are too many for script here`);
  }
  let read = limitBody(source.read, maxBytes);
  if (runtime !== undefined && isHtmlDocument(status, headers)) {
    read = await withRuntime(read, headers, runtime);
  } else if (worker !== undefined && status >= 200 && status < 300) {
    read = await injectIntoWorker(read, worker);
    headers.delete('content-length');
    extendPolicies(headers, (value) => extendWorkerPolicy(value, worker.needs));
  }
  return new Response(toPageStream(read, source.cancel), { status, statusText, headers });
}

function isHtmlDocument(status: number, headers: Headers): boolean {
  const type = headers.get('content-type') ?? '';
  return status !== 206 && /^\s*text\/html\s*(?:;|$)/i.test(type) && !isDownload(headers);
}

/** HTML §7.4.2.4 "hyperlinks for downloading": the application's own name comes first. */
function makeDownload(headers: Headers, name: string): void {
  for (const field of [...POLICY_FIELDS, 'x-frame-options']) headers.delete(field);
  if (isDownload(headers)) return;
  const encoded = encodeURIComponent(name).replaceAll("'", '%27');
  headers.set(
    'content-disposition',
    name === '' ? 'attachment' : `attachment; filename*=UTF-8''${encoded}`,
  );
}

function isDownload(headers: Headers): boolean {
  return /^\s*attachment/i.test(headers.get('content-disposition') ?? '');
}

async function withRuntime(
  read: ReadChunk,
  headers: Headers,
  runtime: RuntimeScript,
): Promise<ReadChunk> {
  const policies = [headers.get('content-security-policy') ?? ''].filter((value) => value !== '');
  const script = runtime.element({
    mayUseWorker: allowsBlobWorker(policies),
    endpoints: headers.get('reporting-endpoints') ?? '',
  });
  const document = await injectScript(read, headers.get('content-type') ?? '', script);
  if (!document.injected) return document.read;
  headers.set('content-type', document.contentType);
  headers.delete('content-length');
  extendPolicies(headers, (value) => extendPolicy(value, runtime.needs));
  return document.read;
}

function extendPolicies(headers: Headers, extend: (value: string) => string): void {
  for (const name of POLICY_FIELDS) {
    const value = headers.get(name);
    if (value !== null) headers.set(name, extend(value));
  }
}
