import { AppError } from '@postern/shared/errors';
import type { AppWorkerFailure } from '../../messages/app-worker.ts';

/** A refusal that the application sees as a `TypeError` or a `DOMException` of that name. */
export class AppWorkerError extends AppError {
  readonly exception: string;

  constructor(exception: string, message: string) {
    super('ERR_SW_APP_WORKER', message);
    this.exception = exception;
  }
}

/** What the application is told of a failed call. */
export function toFailure(error: unknown): AppWorkerFailure {
  return error instanceof AppWorkerError
    ? { name: error.exception, message: error.message.slice(0, 1_024) }
    : { name: 'TypeError', message: 'The service worker could not be reached.' };
}
