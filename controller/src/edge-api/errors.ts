/** Errors of the Edge APIs: codes and statuses as existing clients know them (specs/edge-api.md §1.6). */
const STATUS = {
  COULD_NOT_PARSE_BODY: 400,
  COULD_NOT_VALIDATE: 400,
  INVALID_FIELD: 400,
  INVALID_FILTER: 400,
  INVALID_PAGINATION: 400,
  INVALID_SORT_IDENTIFIER: 400,
  INVALID_AUTH_METHOD: 400,
  INVALID_ENROLL_METHOD: 400,
  INVALID_ENROLLMENT_TOKEN: 400,
  ENROLLMENT_EXPIRED: 400,
  COULD_NOT_PROCESS_CSR: 400,
  MISSING_OR_INVALID_CSR: 400,
  INVALID_COMMON_NAME: 400,
  EXPECTED_PEM_CERTIFICATE: 400,
  ENTITY_CAN_NOT_BE_DELETED: 400,
  ENTITY_CAN_NOT_BE_UPDATED: 400,
  UNAUTHORIZED: 401,
  INVALID_AUTH: 401,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_ENTITY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA: 415,
  ENROLLMENT_EXISTS: 409,
  CAN_NOT_UPDATE_AUTHENTICATOR: 409,
  CAN_NOT_DELETE_REFERENCED_ENTITY: 409,
  MAX_AUTHENTICATOR_METHODS_REACHED: 409,
  RATE_LIMITED: 429,
  UNHANDLED: 500,
} as const;

const MESSAGES: Partial<Record<EdgeErrorCode, string>> = {
  COULD_NOT_PARSE_BODY: 'The body is not valid JSON',
  COULD_NOT_VALIDATE: 'The supplied request contains an invalid value',
  UNAUTHORIZED:
    'The request could not be completed. The session is not authorized or the credentials are invalid',
  INVALID_AUTH: 'The authentication request failed',
  INVALID_ENROLLMENT_TOKEN: 'The supplied token is not valid',
  ENROLLMENT_EXPIRED: 'The enrollment has expired',
  NOT_FOUND: 'The resource requested was not found or is no longer available',
  METHOD_NOT_ALLOWED: 'The resource requested exists but does not support the HTTP method used',
  REQUEST_ENTITY_TOO_LARGE: 'The request body is too large',
  RATE_LIMITED: 'Too many attempts: try again in a minute',
  UNHANDLED: 'An unhandled error occurred',
};

export type EdgeErrorCode = keyof typeof STATUS;

/** Which member was wrong, why, and what was sent. */
export interface FieldCause {
  field: string;
  reason: string;
  value: unknown;
}

export class EdgeError extends Error {
  readonly code: EdgeErrorCode;
  readonly field: FieldCause | undefined;

  constructor(code: EdgeErrorCode, message?: string, field?: FieldCause) {
    super(message ?? MESSAGES[code] ?? code);
    this.name = 'EdgeError';
    this.code = code;
    this.field = field;
  }

  get status() {
    return STATUS[this.code];
  }
}

/** 400 COULD_NOT_VALIDATE naming the member at fault. */
export function fieldError(field: string, reason: string, value: unknown = ''): EdgeError {
  return new EdgeError('COULD_NOT_VALIDATE', undefined, { field, reason, value });
}

export function notFound(): EdgeError {
  return new EdgeError('NOT_FOUND');
}
