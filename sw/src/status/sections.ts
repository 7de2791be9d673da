/** The parts of the status page, made anew from each report. */
import { fill } from '@postern/shared/language';
import type { ConnectionReport } from '@postern/shared/protocol/client';
import type { StatusReport } from '../messages/status.ts';
import type { StatusTexts } from '../words/status/index.ts';
import { element } from './dom.ts';
import { formatAge, formatBytes, formatMs, formatTime } from './units.ts';

type Row = readonly [name: string, value: string, className?: string];

function facts(rows: readonly Row[]): HTMLElement {
  return element(
    'dl',
    {},
    ...rows.flatMap(([name, value, className]) => [
      element('dt', {}, name),
      element('dd', className === undefined ? {} : { class: className }, value),
    ]),
  );
}

export function section(title: string, ...content: Node[]): HTMLElement {
  return element('section', {}, element('h2', {}, title), ...content);
}

export const note = (text: string): HTMLElement => element('p', { class: 'note' }, text);

export function personSection(
  { signedIn, connection }: StatusReport,
  texts: StatusTexts,
  language: string,
): HTMLElement {
  if (signedIn === undefined) return section(texts.you, element('p', {}, texts.nobody));
  return section(
    texts.you,
    facts([
      ...(connection ? [[texts.name, connection.identity] as const] : []),
      [texts.signedInAt, formatTime(signedIn.sinceMs, language)],
      [texts.renewedUntil, formatTime(signedIn.tokenUntilMs, language)],
    ]),
  );
}

export function connectionSection(
  { connection, openedSessions }: StatusReport,
  texts: StatusTexts,
  language: string,
): HTMLElement {
  const circuits = fill(texts.circuitsValue, { open: connection ? 1 : 0, opened: openedSessions });
  if (connection === undefined) {
    return section(
      texts.connection,
      element('p', {}, texts.notConnected),
      facts([[texts.circuits, circuits]]),
    );
  }
  return section(
    texts.connection,
    facts([
      [texts.service, connection.service],
      [texts.openedAt, formatTime(connection.openedAtMs, language)],
      [texts.circuit, connection.circuitId],
      [texts.circuits, circuits],
      [texts.streams, String(connection.openStreams)],
      [texts.sent, formatBytes(connection.sentBytes, language)],
      [texts.received, formatBytes(connection.receivedBytes, language)],
    ]),
  );
}

export function pathSection(
  { path, sessionRoundTripMs }: ConnectionReport,
  texts: StatusTexts,
  language: string,
): HTMLElement {
  const time = (ms: number | undefined): string =>
    ms === undefined
      ? path === undefined
        ? texts.measuring
        : texts.notMeasured
      : formatMs(ms, language);
  const hop = (name: string, value: string): HTMLElement =>
    element('li', {}, element('span', {}, name), element('span', {}, value));
  return section(
    texts.path,
    note(texts.pathNote),
    element(
      'ol',
      { class: 'path' },
      hop(texts.browser, ''),
      ...(path ?? []).map(({ kind, name, roundTripMs }) =>
        hop(kind === 'router' ? fill(texts.router, { name }) : texts.connector, time(roundTripMs)),
      ),
      hop(texts.encrypted, time(sessionRoundTripMs)),
    ),
  );
}

export function encryptionSection(
  { suite, fingerprint, keyAgeMs }: ConnectionReport,
  texts: StatusTexts,
): HTMLElement {
  return section(
    texts.encryption,
    facts([
      [texts.suite, suite],
      [texts.keyExchange, texts.keyExchangeValue],
      [texts.keyAge, formatAge(keyAgeMs)],
      [texts.fingerprint, fingerprint, 'fingerprint'],
    ]),
    note(texts.fingerprintNote),
  );
}
