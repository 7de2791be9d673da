import type { Catalogue } from '@postern/shared/language';
import type { en } from './en.ts';

export const de: Catalogue<typeof en> = {
  starting: { title: 'Wird geöffnet …' },
  signedIn: {
    title: 'Sie sind angemeldet',
    text: 'Schließen Sie dieses Fenster und machen Sie weiter, wo Sie waren.',
  },
  logIn: {
    title: 'Anmelden',
    text: 'Die Anwendung unter {host} fragt nach einem eigenen Namen und Kennwort: „{realm}“.',
    wrong: 'Dieser Name und dieses Kennwort wurden nicht angenommen.',
    name: 'Name',
    password: 'Kennwort',
    action: 'Anmelden',
  },
  status: {
    title: 'Verbindungsstatus',
  },
};
