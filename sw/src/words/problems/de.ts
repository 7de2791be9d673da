import type { Catalogue } from '@postern/shared/language';
import type { en } from './en.ts';

export const de: Catalogue<typeof en> = {
  tryAgain: 'Erneut versuchen',
  signInAgain: 'Neu anmelden',
  ask: 'Um Zugriff bitten',
  code: 'Code',
  help: 'Hilfe',
  way: 'Wie weit die Anfrage kam',
  stations: {
    browser: 'Ihr Browser',
    access: 'Anmeldung und Zugriff',
    network: 'Netz',
    connector: 'Connector',
    application: 'Anwendung',
  },
  reached: 'in Ordnung',
  failed: 'hier gescheitert',
  unknown: 'nicht erreicht',
  fallback: {
    title: 'Auf dem Weg zur Anwendung ist etwas schiefgegangen',
    next: 'Versuchen Sie es erneut. Geschieht es wieder, melden Sie den Code unten.',
  },
  of: {
    ERR_LOADER_UNSUPPORTED: {
      title: 'Dieser Browser kann die Anwendung nicht öffnen',
      next: 'Nehmen Sie ein aktuelles Chrome, Edge, Firefox oder Safari, und ein normales Fenster statt eines privaten.',
    },
    ERR_LOADER_LOOP: {
      title: 'Die Anwendung öffnet sich nicht',
      next: 'Ihr Browser kommt immer wieder auf diese Seite zurück. Schließen Sie andere Tabs dieser Seite und versuchen Sie es erneut. Geschieht es wieder, melden Sie den Code unten.',
    },
    ERR_LOADER_WORKER_FAILED: {
      title: 'Die sichere Verbindung ließ sich nicht einrichten',
      next: 'Ihr Browser hat seinen Teil davon nicht gestartet. Prüfen Sie, ob diese Seite Daten speichern darf, und versuchen Sie es erneut.',
    },
    ERR_LOADER_TIMEOUT: {
      title: 'Das Verbinden dauert zu lange',
      next: 'Prüfen Sie Ihre Netzverbindung und versuchen Sie es erneut.',
    },
    ERR_SIGN_IN_REFUSED: {
      title: 'Sie wurden nicht angemeldet',
      next: 'Versuchen Sie es erneut, oder fragen Sie die Person, die den Zugriff verwaltet.',
    },
    ERR_SIGN_IN_INVALID: {
      title: 'Die Anmeldung ließ sich nicht abschließen',
      next: 'Öffnen Sie die Anwendung noch einmal, um sich neu anzumelden.',
    },
    ERR_SIGN_IN_UNKNOWN: {
      title: 'Diese Anmeldung dauerte zu lange oder begann anderswo',
      next: 'Öffnen Sie die Anwendung noch einmal, um sich neu anzumelden.',
    },
    ERR_SIGN_IN_LOOP: {
      title: 'Sie wurden angemeldet, aber die Sitzung endete sofort',
      next: 'Prüfen Sie, ob die Uhr dieses Geräts richtig geht, und versuchen Sie es erneut.',
    },
    ERR_SW_CONFIG: {
      title: 'Unter dieser Adresse ist keine Anwendung eingerichtet',
      next: 'Prüfen Sie die Adresse, oder fragen Sie die Person, die den Zugriff verwaltet.',
    },
    ERR_SW_STORAGE: {
      title: 'Dieser Browser behält nicht, was für die Anmeldung nötig ist',
      next: 'Erlauben Sie dieser Seite, Daten zu speichern, oder verlassen Sie das private Fenster, und versuchen Sie es erneut.',
    },
  },
};
