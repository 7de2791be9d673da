/** Script of the status page: asks the service worker for reports and shows each one. */
import { fill, type Language } from '@postern/shared/language';
import { WATCH_RENEWAL_MS, type StatusReport } from '../messages/status.ts';
import { statusTexts } from '../words/status/index.ts';
import { element } from './dom.ts';
import { createHar } from './har.ts';
import {
  connectionSection,
  encryptionSection,
  note,
  pathSection,
  personSection,
  section,
} from './sections.ts';
import { requestsSection } from './waterfall.ts';

/** Without a report for so long, what is shown may be old. */
const SILENCE_MS = 2.5 * WATCH_RENEWAL_MS;

const language: Language = document.documentElement.lang === 'de' ? 'de' : 'en';
const texts = statusTexts[language];
let latest: StatusReport | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;

const intro = element('p', {}, texts.waiting);
const notice = element('p', { class: 'notice', role: 'status' });
const live = element('div');
const requests = element('div');
const withQueries = element('input', { type: 'checkbox', id: 'queries' });
const download = element('button', { type: 'button', class: 'plain' }, texts.download);
download.onclick = saveHar;
const root = document.getElementById('status');
root?.append(
  intro,
  notice,
  live,
  requests,
  section(
    texts.diagnostics,
    note(texts.harNote),
    element(
      'div',
      { class: 'actions' },
      element('label', { for: 'queries' }, withQueries, texts.withQueries),
      download,
    ),
  ),
  element(
    'p',
    { class: 'actions' },
    element('a', { class: 'button', href: '/.postern/signout' }, texts.signOut),
  ),
);

function show(report: StatusReport): void {
  latest = report;
  notice.textContent = '';
  clearTimeout(silence);
  silence = setTimeout(() => (notice.textContent = texts.lost), SILENCE_MS);
  intro.textContent = fill(texts.intro, { name: report.application });
  const { connection } = report;
  live.replaceChildren(
    element(
      'div',
      { class: 'columns' },
      personSection(report, texts, language),
      connectionSection(report, texts, language),
      ...(connection
        ? [pathSection(connection, texts, language), encryptionSection(connection, texts)]
        : []),
    ),
  );
  const scrolled = requests.querySelector('.scroll');
  const [top, hadFocus] = [scrolled?.scrollTop ?? 0, scrolled === document.activeElement];
  requests.replaceChildren(requestsSection(report, texts, language));
  const scroll = requests.querySelector<HTMLElement>('.scroll');
  if (scroll) scroll.scrollTop = top;
  if (hadFocus && scrolled) scroll?.focus({ preventScroll: true });
}

/** Asks, and asks again: a worker that was stopped and started has forgotten this page. */
function watch(): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<StatusReport>) => show(data);
  navigator.serviceWorker.controller?.postMessage({ type: 'postern.watch-status' }, [port2]);
}

function saveHar(): void {
  if (latest === undefined) return;
  const har = createHar(latest, {
    withQueries: withQueries.checked,
    userAgent: navigator.userAgent,
  });
  const url = URL.createObjectURL(
    new Blob([JSON.stringify(har, null, 2)], { type: 'application/json' }),
  );
  const link = element('a', { href: url, download: `${location.hostname}.har` });
  link.click();
  // Browsers have taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

watch();
setInterval(watch, WATCH_RENEWAL_MS);
