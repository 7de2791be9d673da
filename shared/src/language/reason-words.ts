import { reasons, type ReasonCode } from '../errors/index.ts';
import type { Language } from './choose.ts';

/** What happened, and what to do about it. */
export interface ProblemWords {
  title: string;
  next: string;
}

const german: Readonly<Record<ReasonCode, ProblemWords>> = {
  ERR_ACCESS_REMOVED: {
    title: 'Ihnen wurde der Zugriff auf diese Anwendung entzogen',
    next: 'Wenn Sie ihn noch brauchen, fragen Sie die Person, die den Zugriff verwaltet.',
  },
  ERR_ACCESS_NO_POLICY: {
    title: 'Sie haben keinen Zugriff auf diese Anwendung',
    next: 'Bitten Sie die Person, die den Zugriff verwaltet, ihn zu erteilen.',
  },
  ERR_POSTURE_FAILED: {
    title: 'Ihr Gerät oder Ihr Ort erfüllt nicht, was diese Anwendung verlangt',
    next: 'Vielleicht verlangt sie einen anderen Browser, ein anderes Netz, eine andere Zeit oder einen frischen zweiten Faktor. Die Person, die den Zugriff verwaltet, weiß es.',
  },
  ERR_SESSION_ENDED: {
    title: 'Sie sind abgemeldet',
    next: 'Melden Sie sich neu an, um weiterzumachen.',
  },
  ERR_IDENTITY_DISABLED: {
    title: 'Ihr Konto ist gesperrt',
    next: 'Fragen Sie die Person, die den Zugriff verwaltet.',
  },
  ERR_TOKEN_INVALID: {
    title: 'Ihre Anmeldung gilt nicht mehr',
    next: 'Melden Sie sich neu an, um weiterzumachen.',
  },
  ERR_GRANT_INVALID: {
    title: 'Die Erlaubnis zur Verbindung wurde nicht angenommen',
    next: 'Laden Sie die Seite neu. Geschieht es wieder, melden Sie den Code unten.',
  },
  ERR_ENCRYPTION_MISMATCH: {
    title: 'Die beiden Enden der Verbindung verschlüsseln nicht auf die gleiche Weise',
    next: 'Fragen Sie die Person, die das Netz verwaltet, welche Verschlüsselung dieser Dienst annimmt.',
  },
  ERR_SERVICE_NOT_HOSTED: {
    title: 'Die Anwendung ist gerade nicht verbunden',
    next: 'Ihr Connector ist nicht erreichbar. Versuchen Sie es in einer Minute erneut.',
  },
  ERR_NO_ROUTER: {
    title: 'Kein Router ist erreichbar',
    next: 'Prüfen Sie Ihre Netzverbindung und versuchen Sie es erneut.',
  },
  ERR_NO_PATH: {
    title: 'Zur Anwendung führt gerade kein Weg',
    next: 'Versuchen Sie es in einer Minute erneut.',
  },
  ERR_CIRCUIT_LOST: {
    title: 'Die Verbindung zur Anwendung ist abgerissen',
    next: 'Versuchen Sie es erneut.',
  },
  ERR_CIRCUIT_ENDED: {
    title: 'Die Verwaltung hat die Verbindung beendet',
    next: 'Versuchen Sie es erneut, oder fragen Sie die Person, die das Netz verwaltet.',
  },
  ERR_CIRCUIT_FLOW_CONTROL: {
    title: 'Die Verbindung wurde beendet, weil sie ihre Grenzen verletzt hat',
    next: 'Versuchen Sie es erneut. Geschieht es wieder, melden Sie den Code unten.',
  },
  ERR_ROUTER_OVERLOADED: {
    title: 'Das Netz ist ausgelastet',
    next: 'Versuchen Sie es in einer Minute erneut.',
  },
  ERR_HANDSHAKE_FAILED: {
    title: 'Die verschlüsselte Verbindung ließ sich nicht bestätigen',
    next: 'Vielleicht greift jemand ein. Es wurde nichts gesendet. Melden Sie den Code unten.',
  },
  ERR_RECORD_INVALID: {
    title: 'Die verschlüsselte Verbindung wurde verfälscht',
    next: 'Sie wurde zu Ihrem Schutz beendet. Melden Sie den Code unten.',
  },
  ERR_APP_UNREACHABLE: {
    title: 'Die Anwendung antwortet nicht',
    next: 'Ihr Connector läuft, erreicht sie aber nicht. Sagen Sie es der Person, die die Anwendung betreibt.',
  },
  ERR_APP_FAILED: {
    title: 'Die Anwendung hat ihre Antwort abgebrochen',
    next: 'Versuchen Sie es erneut. Geschieht es wieder, sagen Sie es der Person, die die Anwendung betreibt.',
  },
  ERR_APP_TIMEOUT: {
    title: 'Die Anwendung hat zu lange für ihre Antwort gebraucht',
    next: 'Versuchen Sie es in einer Minute erneut.',
  },
  ERR_CONTROLLER_UNREACHABLE: {
    title: 'Der Controller ist nicht erreichbar',
    next: 'Prüfen Sie Ihre Netzverbindung und versuchen Sie es in einer Minute erneut.',
  },
};

/** Words for the reasons that travel between parts, in each language. */
export const reasonWords: Readonly<
  Record<Language, Readonly<Record<ReasonCode, Readonly<ProblemWords>>>>
> = { en: reasons, de: german };
