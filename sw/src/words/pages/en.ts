/** Pages that the service worker makes: status, signed in, and the log-in of an application's own. */
export const en = {
  starting: { title: 'Opening…' },
  signedIn: {
    title: 'You are signed in',
    text: 'Close this window and go on where you were.',
  },
  logIn: {
    title: 'Log in',
    text: 'The application at {host} asks for a name and password of its own: “{realm}”.',
    wrong: 'This name and password were not accepted.',
    name: 'Name',
    password: 'Password',
    action: 'Log in',
  },
  status: {
    title: 'Connection status',
  },
} as const;
