/** Entry of the login origin: `/?interaction=`, `/callback`, `/signout`, and `/` by itself. */
import './without-eval.ts';
import { AppError } from '@postern/shared/errors';
import { chooseLanguage, fill } from '@postern/shared/language';
import { loginTexts } from '../words/login/index.ts';
import { Account } from './account.ts';
import { authenticator } from './authenticator.ts';
import { createControllerApi, loginConfigSchema } from './controller-api.ts';
import { createDeviceProof } from './device-proof.ts';
import { IdentityProvider } from './identity-provider.ts';
import { type LastApplication, createLoginStore, openLoginRecords } from './login-store.ts';
import { hostToAsk, PortalPages } from './portal-pages.ts';
import { problemOf, type Problem } from './problems.ts';
import { Screens } from './screens.ts';
import { SignIn, type Proved } from './sign-in.ts';

const language = chooseLanguage(navigator.languages);
const texts = loginTexts[language];
const screens = new Screens(language);
const url = new URL(location.href);
const identityProvider = new IdentityProvider({
  redirectUri: `${location.origin}/callback`,
  storage: sessionStorage,
  fetch: (...args) => fetch(...args),
});
let lastApplication: LastApplication | undefined;
let uid = url.searchParams.get('interaction') ?? undefined;

async function run(): Promise<void> {
  if (url.pathname === '/callback') {
    // Gone from the address bar before anything else happens: the code works once.
    history.replaceState(null, '', '/callback');
    uid = identityProvider.pendingInteraction();
  }
  const store = createLoginStore(await openLoginRecords());
  const config = loginConfigSchema.parse(await fetchJson('/.postern/login-config.json'));
  screens.dress(config.branding);
  const proof = await createDeviceProof(await store.deviceKey(), Date.now);
  const api = createControllerApi({ config, proof, fetch: (...args) => fetch(...args) });
  const signIn = new SignIn({
    config,
    api,
    store,
    identityProvider,
    authenticator,
    thumbprint: proof.thumbprint,
    ownOrigin: location.origin,
    locks: navigator.locks,
    nowMs: Date.now,
  });
  lastApplication = await store.getLastApplication();
  if (url.pathname === '/callback') goOn(signIn, uid ?? '', await signIn.completeExternal(url));
  else if (url.pathname === '/signout') screens.signedOut(await signIn.signOut());
  else if (uid === undefined) {
    const account = new Account({ api, authenticator, session: signIn });
    const ask = hostToAsk(url);
    await new PortalPages({ account, signIn, screens, language, tried, go }).open(ask);
  } else await open(signIn, uid);
}

async function open(signIn: SignIn, interactionUid: string): Promise<void> {
  const isRetry = url.searchParams.has('retry');
  const next = await signIn.begin(interactionUid, !isRetry);
  if (next.kind === 'go') {
    go(next.url);
    return;
  }
  screens.dress(next.interaction.application.branding);
  screens.choose(next.interaction, {
    external: (method) => {
      screens.progress(fill(texts.going, { name: method.name }));
      signIn
        .beginExternal(method, interactionUid, isRetry)
        .then((there) => location.assign(there))
        .catch(fail);
    },
    password: (username, password) =>
      tried(async () =>
        goOn(signIn, interactionUid, await signIn.withPassword(interactionUid, username, password)),
      ),
    passkey: () =>
      tried(async () => goOn(signIn, interactionUid, await signIn.withPasskey(interactionUid))),
  });
}

/** To the application, or to what is still to prove. */
function goOn(signIn: SignIn, interactionUid: string, next: Proved): void {
  if (next.kind === 'go') {
    go(next.url);
    return;
  }
  const { step, factor } = next.secondFactor;
  if (factor.type === 'ext-jwt') {
    screens.secondProvider(factor, () => {
      screens.progress(fill(texts.going, { name: factor.name }));
      signIn
        .beginExternal(factor, interactionUid, false, step)
        .then((there) => location.assign(there))
        .catch(fail);
    });
    return;
  }
  screens.secondFactor(factor, {
    code: (code) =>
      tried(async () =>
        goOn(signIn, interactionUid, await signIn.withCode(interactionUid, step, code)),
      ),
    passkey: () =>
      tried(async () =>
        goOn(signIn, interactionUid, await signIn.withPasskey(interactionUid, step)),
      ),
  });
}

/** What went wrong, for the form to show; a sign-in that is over gets a screen of its own. */
async function tried(work: () => Promise<void>): Promise<Problem | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const problem = problemOf(error, language);
    if (problem.isOver || problem.code === 'ERR_LOGIN_STEP_INVALID') fail(error);
    return problem;
  }
}

/** Leaves no entry in the history: "back" goes to where the person came from. */
function go(there: string): void {
  location.replace(there);
}

function fail(error: unknown): void {
  const problem = problemOf(error, language);
  if (uid !== undefined && !problem.isOver) {
    const retryUrl = `/?interaction=${encodeURIComponent(uid)}&retry`;
    screens.problem(problem, { text: texts.tryAgain, url: retryUrl });
  } else if (lastApplication) {
    const { name, origin } = lastApplication;
    screens.problem(problem, { text: fill(texts.open, { name }), url: origin });
  } else {
    screens.problem(problem, undefined);
  }
}

async function fetchJson(path: string): Promise<unknown> {
  const response = await fetch(path);
  if (!response.ok) throw new AppError('ERR_LOGIN_FAILED', `${path}: ${response.status}`);
  return await response.json();
}

// Restored from the back-forward cache, the page would show a step that is over.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
screens.progress(url.pathname === '/signout' ? texts.signingOut : texts.signingIn);
if ('locks' in navigator && isSecureContext && 'indexedDB' in globalThis) run().catch(fail);
else fail(new AppError('ERR_LOGIN_UNSUPPORTED', 'a feature is missing'));
