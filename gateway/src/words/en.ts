/** The gateway's own pages: what a person reads when there is no application to open. */
export const en = {
  code: 'Code',
  help: 'Get help',
  tryAgain: 'Try again',
  unknownHost: {
    title: 'There is no application at this address',
    happened: 'Check the address for typing errors.',
    next: 'If somebody gave it to you, ask whether the application was renamed or removed.',
  },
  controllerUnreachable: {
    title: 'The controller cannot be reached',
    happened:
      'This gateway cannot find out which application belongs to this address, because the controller does not answer.',
    next: 'Try again in a minute. If it stays so, tell the person who runs this service.',
  },
  switchedOff: {
    title: 'Access is switched off',
    happened: 'The person who runs this service switched off access to all applications for now.',
    next: 'Nothing is wrong with your account or your device. Try again later.',
  },
  notFound: {
    title: 'There is no page at this address',
    happened: 'This is the sign-in site.',
    next: 'Open the address of the application you want to use.',
  },
} as const;
