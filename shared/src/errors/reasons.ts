/**
 * Why access or a connection ended, as codes that travel from any part to the person at the
 * browser. `title` and `next` are shown to people; keep them free of internal words.
 */
export const reasons = {
  ERR_ACCESS_REMOVED: {
    title: 'Your access to this application was removed',
    next: 'If you still need it, ask the person who manages access.',
    retryable: false,
  },
  ERR_ACCESS_NO_POLICY: {
    title: 'You do not have access to this application',
    next: 'Ask the person who manages access to grant it to you.',
    retryable: false,
  },
  ERR_POSTURE_FAILED: {
    title: 'Your device or place does not meet what this application asks for',
    next: 'It may ask for another browser, network, time or a fresh second factor. The person who manages access can tell.',
    retryable: false,
  },
  ERR_SESSION_ENDED: {
    title: 'You are signed out',
    next: 'Sign in again to go on.',
    retryable: false,
  },
  ERR_IDENTITY_DISABLED: {
    title: 'Your account is disabled',
    next: 'Ask the person who manages access.',
    retryable: false,
  },
  ERR_TOKEN_INVALID: {
    title: 'Your sign-in is no longer valid',
    next: 'Sign in again to go on.',
    retryable: false,
  },
  ERR_GRANT_INVALID: {
    title: 'The permission to connect was not accepted',
    next: 'Reload the page. If it happens again, report the code below.',
    retryable: true,
  },
  ERR_ENCRYPTION_MISMATCH: {
    title: 'The two ends of the connection do not encrypt the same way',
    next: 'Ask the person who manages the network which encryption this service accepts.',
    retryable: false,
  },
  ERR_SERVICE_NOT_HOSTED: {
    title: 'The application is not connected right now',
    next: 'Its connector is offline. Try again in a minute.',
    retryable: true,
  },
  ERR_NO_ROUTER: {
    title: 'No router can be reached',
    next: 'Check your network connection and try again.',
    retryable: true,
  },
  ERR_NO_PATH: {
    title: 'There is no path to the application right now',
    next: 'Try again in a minute.',
    retryable: true,
  },
  ERR_CIRCUIT_LOST: {
    title: 'The connection to the application was lost',
    next: 'Try again.',
    retryable: true,
  },
  ERR_CIRCUIT_ENDED: {
    title: 'An administrator closed the connection',
    next: 'Try again, or ask the person who manages the network.',
    retryable: true,
  },
  ERR_CIRCUIT_FLOW_CONTROL: {
    title: 'The connection was closed because it broke its limits',
    next: 'Try again. If it happens again, report the code below.',
    retryable: true,
  },
  ERR_ROUTER_OVERLOADED: {
    title: 'The network is busy',
    next: 'Try again in a minute.',
    retryable: true,
  },
  ERR_HANDSHAKE_FAILED: {
    title: 'The encrypted connection could not be verified',
    next: 'Someone may be interfering with it. Nothing was sent. Report the code below.',
    retryable: false,
  },
  ERR_RECORD_INVALID: {
    title: 'The encrypted connection was tampered with',
    next: 'It was closed to protect you. Report the code below.',
    retryable: false,
  },
  ERR_APP_UNREACHABLE: {
    title: 'The application does not answer',
    next: 'Its connector is running but cannot reach it. Tell the person who runs the application.',
    retryable: true,
  },
  ERR_APP_FAILED: {
    title: 'The application broke off its answer',
    next: 'Try again. If it happens again, tell the person who runs the application.',
    retryable: true,
  },
  ERR_APP_TIMEOUT: {
    title: 'The application took too long to answer',
    next: 'Try again in a minute.',
    retryable: true,
  },
  ERR_CONTROLLER_UNREACHABLE: {
    title: 'The controller cannot be reached',
    next: 'Check your network connection and try again in a minute.',
    retryable: true,
  },
} as const;

export type ReasonCode = keyof typeof reasons;

export function isReasonCode(code: string): code is ReasonCode {
  return Object.hasOwn(reasons, code);
}
