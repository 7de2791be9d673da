import { AppError, isAppError } from '@postern/shared/errors';
import { encodeResponseHead } from '@postern/shared/protocol/http';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import type { Problem } from '@postern/shared/schemas';

/** Answers an RFC 9457 problem document. The app never saw the request. */
export async function sendProblem(stream: SessionStream, error: AppError): Promise<number> {
  const status = error.status ?? 500;
  const problem: Problem = { title: error.publicMessage ?? error.code, status, code: error.code };
  const body = Buffer.from(JSON.stringify(problem));
  stream.sendHead(
    encodeResponseHead({
      status,
      fields: [
        ['content-type', 'application/problem+json'],
        ['content-length', String(body.length)],
        ['cache-control', 'no-store'],
      ],
    }),
  );
  await stream.write(body);
  await stream.end();
  return status;
}

const resetCodes: Partial<Record<string, ResetCode>> = {
  ERR_APP_UNREACHABLE: ResetCode.appUnreachable,
  ERR_APP_FAILED: ResetCode.appFailed,
  ERR_HTTP_TOO_LARGE: ResetCode.appFailed,
  ERR_HTTP_INVALID: ResetCode.appFailed,
  ERR_APP_TIMEOUT: ResetCode.timeout,
  ERR_HTTP_BODY_TOO_LARGE: ResetCode.tooLarge,
  ERR_HTTP_REQUEST_INVALID: ResetCode.protocolError,
};

/** Ends a stream whose answer cannot be completed. The reason is the error's code. */
export function resetForError(stream: SessionStream, error: unknown): string {
  const code = isAppError(error) ? error.code : 'ERR_CONNECTOR_INTERNAL';
  stream.reset(resetCodes[code] ?? ResetCode.internal, code);
  return code;
}
