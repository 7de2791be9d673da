import type { Catalogue } from '@postern/shared/language';
import type { en } from './en.ts';

export const de: Catalogue<typeof en> = {
  code: 'Code',
  help: 'Hilfe',
  tryAgain: 'Erneut versuchen',
  unknownHost: {
    title: 'Unter dieser Adresse gibt es keine Anwendung',
    happened: 'Prüfen Sie die Adresse auf Tippfehler.',
    next: 'Wenn jemand sie Ihnen gab, fragen Sie, ob die Anwendung umbenannt oder entfernt wurde.',
  },
  controllerUnreachable: {
    title: 'Der Controller ist nicht erreichbar',
    happened:
      'Dieses Gateway kann nicht herausfinden, welche Anwendung zu dieser Adresse gehört, weil der Controller nicht antwortet.',
    next: 'Versuchen Sie es in einer Minute erneut. Bleibt es so, sagen Sie es der Person, die diesen Dienst betreibt.',
  },
  switchedOff: {
    title: 'Der Zugriff ist abgeschaltet',
    happened:
      'Die Person, die diesen Dienst betreibt, hat den Zugriff auf alle Anwendungen vorerst abgeschaltet.',
    next: 'Mit Ihrem Konto und Ihrem Gerät ist alles in Ordnung. Versuchen Sie es später erneut.',
  },
  notFound: {
    title: 'Unter dieser Adresse gibt es keine Seite',
    happened: 'Hier meldet man sich nur an.',
    next: 'Öffnen Sie die Adresse der Anwendung, die Sie benutzen wollen.',
  },
};
