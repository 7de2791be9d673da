/** The page runtime as the element that goes into documents. */
import type { VisibleCookie } from '@postern/shared/cookies';
import type { AppWorkerState } from '../../messages/app-worker.ts';
import type { RuntimeNeeds } from './csp.ts';

/** What the runtime of one page needs to know. */
export interface RuntimePage {
  /** False where the page's policies refuse workers of `blob:` URLs. */
  mayUseWorker: boolean;
  /** `Reporting-Endpoints` of the response, empty for none. */
  endpoints: string;
}

export interface RuntimeScript {
  needs: RuntimeNeeds;
  /** The whole `<script>` element, ASCII only. */
  element(page: RuntimePage): string;
}

export interface RuntimeScriptOptions {
  source: string;
  needs: RuntimeNeeds;
  /** What `document.cookie` starts with. */
  cookies: VisibleCookie[];
  /** The application's own service workers; left out where there are none. */
  appWorkers?: AppWorkerState | undefined;
}

export function createRuntimeScript({
  source,
  needs,
  cookies,
  appWorkers,
}: RuntimeScriptOptions): RuntimeScript {
  const json = attribute(JSON.stringify(cookies));
  const workers =
    appWorkers === undefined
      ? ''
      : ` data-postern-app-workers="${attribute(JSON.stringify(appWorkers))}"`;
  return {
    needs,
    element: ({ mayUseWorker, endpoints }) => {
      const reporting = endpoints === '' ? '' : ` data-postern-endpoints="${attribute(endpoints)}"`;
      return `<script data-postern-cookies="${json}" data-postern-worker="${mayUseWorker ? 'yes' : 'no'}"${reporting}${workers}>${source}</script>`;
    },
  };
}

/** Escaped for a quoted attribute; other than ASCII as references, whatever the document's encoding. */
function attribute(text: string): string {
  return text.replace(/[&"<>]|[^\x20-\x7e]/gu, (char) => `&#${char.codePointAt(0) ?? 0};`);
}
