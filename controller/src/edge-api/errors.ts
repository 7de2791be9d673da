/** Errors of the Edge APIs: codes and statuses as existing clients know them (specs/edge-api.md §1.6). */
const STATUS = {
  COULD_NOT_PARSE_BODY: 400,
  COULD_NOT_VALIDATE: 400,
  INVALID_FIELD: 400,
  INVALID_FILTER: 400,
  INVALID_PAGINATION: 400,
  INVALID_SORT_IDENTIFIER: 400,
  INVALID_UUID: 400,
  INVALID_CONTENT_TYPE: 400,
  INVALID_AUTH_METHOD: 400,
  INVALID_AUTHENTICATOR_PROPERTIES: 400,
  INVALID_ENROLL_METHOD: 400,
  INVALID_ENROLLMENT_TOKEN: 400,
  ENROLLMENT_EXPIRED: 400,
  ENROLLMENT_CA_NOT_VALID: 400,
  ENROLLMENT_NO_VALID_CAS: 400,
  COULD_NOT_PROCESS_CSR: 400,
  MISSING_OR_INVALID_CSR: 400,
  EXPECTED_PEM_CERTIFICATE: 400,
  COULD_NOT_PARSE_PEM_BLOCK: 400,
  COULD_NOT_PARSE_DER_BLOCK: 400,
  COULD_NOT_PARSE_x509_FROM_DER: 400,
  INVALID_COMMON_NAME: 400,
  CERTIFICATE_FAILED_VALIDATION: 400,
  CERT_FAILED_VALIDATION: 400,
  CERTIFICATE_IS_NOT_CA: 400,
  INVALID_CLIENT_CERT: 400,
  INVALID_CERT_PEM: 400,
  MISSING_CERT_CLAIM: 400,
  MFA_INVALID_TOKEN: 400,
  INVALID_BACKING_TOKEN_TYPE: 400,
  NO_EDGE_ROUTERS_AVAILABLE: 400,
  REFERENCED_ENTITY_NOT_FOUND: 400,
  SERVER_NOT_RUNNING_IN_HA_MODE: 400,
  ENTITY_CAN_NOT_BE_DELETED: 400,
  ENTITY_CAN_NOT_BE_UPDATED: 400,
  UNAUTHORIZED: 401,
  INVALID_AUTH: 401,
  NOT_FOUND: 404,
  MFA_ENROLLMENT_NOT_STARTED: 404,
  METHOD_NOT_ALLOWED: 405,
  ENROLLMENT_EXISTS: 409,
  ENROLLMENT_IDENTITY_ALREADY_ENROLLED: 409,
  INVALID_ENROLLMENT_NOT_ALLOWED: 409,
  CERT_IN_USE: 409,
  CA_ALREADY_VERIFIED: 409,
  CAN_NOT_UPDATE_AUTHENTICATOR: 409,
  CAN_NOT_UPDATE_ROUTER: 409,
  CAN_NOT_DELETE_REFERENCED_ENTITY: 409,
  MAX_AUTHENTICATOR_METHODS_REACHED: 409,
  INVALID_POSTURE: 409,
  SERVICE_NOT_HOSTED: 409,
  MFA_EXISTS: 409,
  MFA_NOT_ENROLLED: 409,
  INVALID_ENROLLMENT_ALREADY_ENROLLED: 410,
  PRECONDITION_FAILED: 412,
  REQUEST_ENTITY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA: 415,
  RATE_LIMITED: 429,
  SERVER_TOO_MANY_REQUESTS: 429,
  UNHANDLED: 500,
  NOT_IMPLEMENTED: 501,
  TIMEOUT: 503,
  CLUSTER_NO_LEADER: 503,
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
  NO_EDGE_ROUTERS_AVAILABLE: 'No edge router that both ends may use is online',
  SERVICE_NOT_HOSTED: 'Nobody hosts the service right now',
  METHOD_NOT_ALLOWED: 'The resource requested exists but does not support the HTTP method used',
  REQUEST_ENTITY_TOO_LARGE: 'The request body is too large',
  PRECONDITION_FAILED: 'The entity has changed since it was read: read it again',
  UNSUPPORTED_MEDIA: 'The content type of the body is not supported',
  RATE_LIMITED: 'Too many requests: try again in a minute',
  NOT_IMPLEMENTED: 'The operation is not implemented',
  TIMEOUT: 'The request took too long and was given up',
  UNHANDLED: 'An unhandled error occurred',
};

export type EdgeErrorCode = keyof typeof STATUS;

/** Which member was wrong, why, and what was sent. */
export interface FieldCause {
  field: string;
  reason: string;
  value: unknown;
}

/** A cause of several parts. */
export interface NestedCause {
  code: string;
  message: string;
  data: unknown;
}

export class EdgeError extends Error {
  readonly code: EdgeErrorCode;
  readonly field: FieldCause | NestedCause | undefined;

  constructor(code: EdgeErrorCode, message?: string, field?: FieldCause | NestedCause) {
    super(message ?? MESSAGES[code] ?? code);
    this.name = 'EdgeError';
    this.code = code;
    this.field = field;
  }

  get status() {
    return statusOf(this.code);
  }
}

/** The HTTP status a code is answered with. */
export function statusOf<Code extends EdgeErrorCode>(code: Code): (typeof STATUS)[Code] {
  return STATUS[code];
}

/** 400 COULD_NOT_VALIDATE naming the member at fault. */
export function fieldError(field: string, reason: string, value: unknown = ''): EdgeError {
  return new EdgeError('COULD_NOT_VALIDATE', undefined, { field, reason, value });
}

export function notFound(): EdgeError {
  return new EdgeError('NOT_FOUND');
}
