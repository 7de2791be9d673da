import type { Catalogue } from '@postern/shared/language';
import type { en } from './en.ts';

export const de: Catalogue<typeof en> = {
  going: 'Weiter zu {name} …',
  signingIn: 'Anmeldung läuft …',
  signingOut: 'Abmeldung läuft …',
  tryAgain: 'Erneut versuchen',
  open: '{name} öffnen',
  code: 'Code',
  signInTo: 'Bei {name} anmelden',
  continueWith: 'Weiter mit {name}',
  withPasskey: 'Mit Passkey anmelden',
  orPassword: 'oder mit Kennwort',
  userName: 'Benutzername',
  password: 'Kennwort',
  signIn: 'Anmelden',
  capsLock: 'Die Feststelltaste ist an.',
  moreStep: 'Noch ein Schritt',
  secondProvider: 'Ihr Konto verlangt auch eine Anmeldung bei {name}.',
  usePasskey: 'Passkey verwenden',
  orCode: 'oder mit einem Code',
  codeLabel: 'Code Ihrer Authenticator-App oder ein Wiederherstellungscode',
  continue: 'Weiter',
  checking: 'Wird geprüft …',
  setUp: {
    title: 'Authenticator-App einrichten',
    scan: 'Ihr Konto verlangt einen zweiten Schritt. Lesen Sie dies mit einer Authenticator-App ein:',
    type: 'Oder tippen Sie diesen Schlüssel dort ein:',
    recovery: 'Wiederherstellungscodes: heben Sie sie auf, falls Sie die App verlieren',
    codeLabel: 'Der Code, den die App zeigt',
    finish: 'Fertig',
    qr: 'QR-Code für Ihre Authenticator-App',
  },
  signedOut: {
    title: 'Sie sind abgemeldet',
    text: 'Jede Anwendung, die Sie in diesem Browser geöffnet haben, fragt neu nach der Anmeldung.',
    again: 'Neu bei {name} anmelden',
    onlyHere: 'Sie sind nur auf dieser Seite abgemeldet',
    notTold:
      'Der Controller war nicht erreichbar. Offene Anwendungen arbeiten vielleicht noch weiter.',
  },
  own: {
    title: 'Sie sind angemeldet',
    text: 'Öffnen Sie die Adresse einer Anwendung, um sie zu benutzen.',
    notTitle: 'Sie sind nicht angemeldet',
    notText: 'Öffnen Sie die Adresse einer Anwendung; die Anmeldung kommt unterwegs.',
    signOut: 'Abmelden',
  },
  passkeys: {
    title: 'Passkeys',
    text: 'Melden Sie sich mit Fingerabdruck, Gesicht oder PIN an statt mit einem Kennwort.',
    added: '{name}, hinzugefügt am {date}',
    remove: 'Entfernen',
    removeNamed: 'Passkey {name} entfernen',
    add: 'Passkey hinzufügen',
    thisDevice: 'Dieses Gerät',
  },
  sessions: {
    title: 'Geräte und Sitzungen',
    text: 'Wo Sie angemeldet sind. Wird eine Sitzung beendet, schließt sich binnen einer Sekunde, was sie offen hat.',
    program: 'Programm oder Kommandozeile',
    browserOn: '{browser} auf {system}',
    unknown: 'Unbekannter Browser',
    here: 'Dieser Browser',
    lastUsed: 'Zuletzt benutzt {time}, von {address}',
    since: 'Angemeldet {time}',
    unknownAddress: 'unbekannter Adresse',
    end: 'Beenden',
    endNamed: '{name} beenden',
    ended: 'Beendet: {name}',
    confirmTitle: 'In diesem Browser abmelden?',
    confirmText:
      'Das ist die Sitzung, die Sie gerade benutzen. Endet sie, sind Sie hier abgemeldet, und jede in diesem Browser offene Anwendung schließt sich.',
    confirm: 'Abmelden',
    cancel: 'Angemeldet bleiben',
  },
  fallback: {
    title: 'Die Anmeldung hat nicht geklappt',
    next: 'Versuchen Sie es erneut. Geschieht es wieder, melden Sie den Code unten.',
  },
  problems: {
    ERR_INTERACTION_NOT_FOUND: {
      title: 'Diese Anmeldung ist abgelaufen',
      next: 'Öffnen Sie die Anwendung noch einmal, um neu zu beginnen.',
    },
    ERR_LOGIN_STATE: {
      title: 'Diese Anmeldung wurde nicht in diesem Tab begonnen',
      next: 'Öffnen Sie die Anwendung noch einmal, um neu zu beginnen.',
    },
    ERR_LOGIN_IDP_REFUSED: {
      title: 'Ihr Identity-Provider hat Sie nicht angemeldet',
      next: 'Versuchen Sie es erneut, oder wählen Sie einen anderen Weg.',
    },
    ERR_LOGIN_IDP_UNREACHABLE: {
      title: 'Ihr Identity-Provider antwortet nicht',
      next: 'Prüfen Sie Ihre Netzverbindung und versuchen Sie es in einer Minute erneut.',
    },
    ERR_LOGIN_REFUSED: {
      title: 'Sie wurden nicht angemeldet',
      next: 'Versuchen Sie es erneut, oder fragen Sie die Person, die den Zugriff verwaltet.',
    },
    ERR_LOGIN_TOO_MANY: {
      title: 'Zu viele Versuche',
      next: 'Warten Sie eine Minute und versuchen Sie es erneut.',
    },
    ERR_LOGIN_NO_METHOD: {
      title: 'Für diese Anwendung gibt es keinen Weg zur Anmeldung',
      next: 'Bitten Sie die Person, die sie verwaltet, einen einzurichten.',
    },
    ERR_LOGIN_BAD_RESUME: {
      title: 'Die Antwort des Controllers wurde nicht angenommen',
      next: 'Zu Ihrem Schutz ging es nicht weiter. Melden Sie den Code unten.',
    },
    ERR_LOGIN_STEP_INVALID: {
      title: 'Diese Anmeldung dauerte zu lange',
      next: 'Melden Sie sich von vorn an.',
    },
    ERR_LOGIN_NOT_FRESH: {
      title: 'Ihre Anmeldung liegt dafür zu lange zurück',
      next: 'Melden Sie sich ab und neu an, und versuchen Sie es noch einmal.',
    },
    ERR_PASSKEY_CANCELLED: {
      title: 'Es wurde kein Passkey verwendet',
      next: 'Versuchen Sie es erneut, oder wählen Sie einen anderen Weg.',
    },
    ERR_PASSKEY_FAILED: {
      title: 'Der Passkey hat nicht geklappt',
      next: 'Versuchen Sie es erneut, oder wählen Sie einen anderen Weg.',
    },
    ERR_PASSKEY_REFUSED: {
      title: 'Dieser Passkey ließ sich nicht hinzufügen',
      next: 'Versuchen Sie es erneut, oder nehmen Sie einen anderen.',
    },
    ERR_DPOP_INVALID: {
      title: 'Dieses Gerät konnte sich nicht ausweisen',
      next: 'Prüfen Sie, ob die Uhr Ihres Geräts richtig geht, und versuchen Sie es erneut.',
    },
    ERR_SESSION_NOT_FOUND: {
      title: 'Diese Sitzung ist schon beendet',
      next: 'Laden Sie die Seite neu, um zu sehen, was übrig ist.',
    },
    ERR_LOGIN_UNSUPPORTED: {
      title: 'Mit diesem Browser können Sie sich nicht anmelden',
      next: 'Nehmen Sie ein aktuelles Chrome, Edge, Firefox oder Safari, und ein normales Fenster statt eines privaten.',
    },
  },
};
