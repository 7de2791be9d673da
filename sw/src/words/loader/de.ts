import type { Catalogue } from '@postern/shared/language';
import type { en } from './en.ts';

export const de: Catalogue<typeof en> = {
  title: '{name} wird geöffnet …',
  application: 'die Anwendung',
  steps: {
    prepare: 'Ihr Browser wird vorbereitet …',
    ask: 'Ihre Anmeldung wird geprüft …',
    open: 'Verbindung zu {name} …',
    signIn: 'Es geht zur Anmeldung …',
  },
  slow: 'Das dauert länger als sonst. Sie müssen nichts tun.',
};
