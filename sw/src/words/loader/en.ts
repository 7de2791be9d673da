/** The loader, while it opens an application. */
export const en = {
  title: 'Opening {name}…',
  application: 'the application',
  steps: {
    prepare: 'Preparing your browser…',
    ask: 'Checking your sign-in…',
    open: 'Connecting to {name}…',
    signIn: 'Taking you to the sign-in…',
  },
  slow: 'This takes longer than usual. You need not do anything.',
} as const;
