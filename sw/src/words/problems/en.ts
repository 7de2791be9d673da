/** What people read when something is in the way: of opening an application, and of signing in. */
export const en = {
  tryAgain: 'Try again',
  signInAgain: 'Sign in again',
  ask: 'Ask for access',
  code: 'Code',
  help: 'Get help',
  way: 'How far the request came',
  stations: {
    browser: 'Your browser',
    access: 'Sign-in and access',
    network: 'Network',
    connector: 'Connector',
    application: 'Application',
  },
  reached: 'in order',
  failed: 'failed here',
  unknown: 'not reached',
  fallback: {
    title: 'Something went wrong on the way to the application',
    next: 'Try again. If it happens again, report the code below.',
  },
  of: {
    ERR_LOADER_UNSUPPORTED: {
      title: 'This browser cannot open the application',
      next: 'Use a current version of Chrome, Edge, Firefox or Safari, and a normal window instead of a private one.',
    },
    ERR_LOADER_LOOP: {
      title: 'The application does not open',
      next: 'Your browser comes back to this page again and again. Close other tabs of this site and try again. If it happens again, report the code below.',
    },
    ERR_LOADER_WORKER_FAILED: {
      title: 'The secure connection could not be set up',
      next: 'Your browser did not start its part of it. Check that this site may store data, and try again.',
    },
    ERR_LOADER_TIMEOUT: {
      title: 'Connecting takes too long',
      next: 'Check your network connection and try again.',
    },
    ERR_SIGN_IN_REFUSED: {
      title: 'You were not signed in',
      next: 'Try again, or ask the person who manages access.',
    },
    ERR_SIGN_IN_INVALID: {
      title: 'The sign-in could not be completed',
      next: 'Open the application again to sign in anew.',
    },
    ERR_SIGN_IN_UNKNOWN: {
      title: 'This sign-in took too long or was started elsewhere',
      next: 'Open the application again to sign in anew.',
    },
    ERR_SIGN_IN_LOOP: {
      title: 'You were signed in, but the session ended at once',
      next: 'Check that the clock of this device is right, then try again.',
    },
    ERR_SW_CONFIG: {
      title: 'This address is not set up for an application',
      next: 'Check the address, or ask the person who manages access.',
    },
    ERR_SW_STORAGE: {
      title: 'This browser does not keep what is needed to sign in',
      next: 'Allow this site to store data, or leave private browsing, and try again.',
    },
  },
} as const;
