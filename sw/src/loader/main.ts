/** Entry of the loader: the document of every navigation that the worker did not answer. */
import { isAppError } from '@postern/shared/errors';
import { chooseLanguage } from '@postern/shared/language';
import { forgetAttempts } from './attempts.ts';
import { readDocumentFacts } from './document-facts.ts';
import { missingFeatures } from './features.ts';
import { openApplication } from './open-application.ts';
import { createView } from './view.ts';

// Tells the inline script that this browser understood the module.
document.documentElement.dataset['started'] = 'true';
const view = createView(document, chooseLanguage(navigator.languages), readDocumentFacts(document));

function fail(code: string): void {
  view.showProblem(code, () => {
    forgetAttempts(sessionStorage);
    location.reload();
  });
}

if (missingFeatures(window).length > 0) {
  fail('ERR_LOADER_UNSUPPORTED');
} else {
  openApplication({
    register: () =>
      navigator.serviceWorker.register('/postern-sw.js', { scope: '/', updateViaCache: 'none' }),
    onStep: (step) => view.step(step),
    createChannel: () => new MessageChannel(),
    location,
    storage: sessionStorage,
    now: Date.now,
    timeout: (ms) => AbortSignal.timeout(ms),
  }).catch((error: unknown) => {
    fail(isAppError(error) ? error.code : 'ERR_LOADER_WORKER_FAILED');
  });
}
