/**
 * What the loader does: install the worker, ask it to make ready, and let it take over.
 *
 * A document that came from the network is never controlled on a hard reload, and not yet on a first
 * visit. A plain reload of the same URL is answered by the active worker, keeps path, query and
 * fragment, and repeats a form that was posted.
 */
import { AppError } from '@postern/shared/errors';
import { type LoaderReply, type LoaderRequest, parseLoaderReply } from '../messages/loader.ts';
import { noteAttempt } from './attempts.ts';
import type { Step } from './view.ts';

/** Longest wait for the worker to install, and then for its answer. */
const INSTALL_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 30_000;
/** Workers asked one after the other because the one before was removed. */
const MAX_WORKERS = 3;

/** The browser, as far as the loader needs it. */
export interface LoaderEnvironment {
  register(): Promise<ServiceWorkerRegistration>;
  /** Told what is being done now. */
  onStep(step: Step): void;
  createChannel(): MessageChannel;
  location: Pick<Location, 'href' | 'reload' | 'replace'>;
  storage: Storage;
  now(): number;
  /** An `AbortSignal` that aborts after `ms`. */
  timeout(ms: number): AbortSignal;
}

/**
 * Ends in a navigation away from the loader.
 *
 * @throws AppError with a code of `words/problems` or any code the worker answered
 */
export async function openApplication(env: LoaderEnvironment): Promise<void> {
  if (!noteAttempt(env.storage, env.now())) {
    throw new AppError('ERR_LOADER_LOOP', 'the loader was started too often');
  }
  env.onStep('prepare');
  const reply = await askWorker(env);
  switch (reply.kind) {
    case 'ready':
      env.onStep('open');
      env.location.reload();
      return;
    case 'sign-in':
      env.onStep('signIn');
      env.location.replace(reply.authorizeUrl);
      return;
    case 'error':
      throw new AppError(reply.code as `ERR_${string}`, 'the worker cannot open the application');
  }
}

/**
 * Asks the active worker. One that a page unregistered is still `active` here until that page is
 * gone, and then never answers: a new one is installed in its place.
 */
async function askWorker(env: LoaderEnvironment): Promise<LoaderReply> {
  for (let attempt = 1; ; attempt++) {
    const worker = await installWorker(env);
    env.onStep('ask');
    const request: LoaderRequest = { type: 'postern.prepare', url: env.location.href };
    const reply = await ask(worker, request, env);
    if (reply !== 'gone') return reply;
    if (attempt >= MAX_WORKERS) throw workerFailed();
  }
}

async function installWorker(env: LoaderEnvironment): Promise<ServiceWorker> {
  let registration: ServiceWorkerRegistration;
  try {
    registration = await env.register();
  } catch (cause) {
    throw workerFailed(cause);
  }
  if (registration.active) {
    // Registering again does not look for a new version; this does, and nobody waits for it.
    registration.update().catch(() => undefined);
    return registration.active;
  }
  const worker = registration.installing ?? registration.waiting;
  if (!worker) throw workerFailed();
  await activated(worker, env.timeout(INSTALL_TIMEOUT_MS));
  return worker;
}

function activated(worker: ServiceWorker, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => {
      if (worker.state === 'activated') resolve();
      if (worker.state === 'redundant') reject(workerFailed());
    };
    worker.addEventListener('statechange', check, { signal });
    signal.addEventListener('abort', () => reject(timedOut()));
    check();
  });
}

function ask(
  worker: ServiceWorker,
  request: LoaderRequest,
  env: LoaderEnvironment,
): Promise<LoaderReply | 'gone'> {
  const { port1, port2 } = env.createChannel();
  const signal = env.timeout(ANSWER_TIMEOUT_MS);
  return new Promise<LoaderReply | 'gone'>((resolve, reject) => {
    const check = () => {
      if (worker.state === 'redundant') resolve('gone');
    };
    worker.addEventListener('statechange', check, { signal });
    check();
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      const reply = parseLoaderReply(data);
      if (reply) resolve(reply);
      else reject(workerFailed());
    };
    signal.addEventListener('abort', () => reject(timedOut()));
    worker.postMessage(request, [port2]);
  }).finally(() => port1.close());
}

const workerFailed = (cause?: unknown) =>
  new AppError('ERR_LOADER_WORKER_FAILED', 'the service worker did not start', { cause });

const timedOut = () =>
  new AppError('ERR_LOADER_TIMEOUT', 'the service worker did not answer in time');
