/** The controller's public listener, by it the clock, and identity providers. */
import { readFile } from 'node:fs/promises';
import { isAppError } from '@postern/shared/errors';
import { Agent, request } from 'undici';
import { discoverProvider } from '../init/discover.ts';
import { reasonOf, type Finding } from './finding.ts';

const TIMEOUT_MS = 5_000;
/** Tokens and proofs tolerate 30 s (RFC 9449 §11.1 leaves it to us). */
const MAX_SKEW_MS = 30_000;
const WARN_SKEW_MS = 5_000;

/** @param caFile PEM of further authorities to trust; default: the system's alone. */
export async function checkController(url: string, caFile?: string): Promise<Finding[]> {
  const finding = { check: 'controller' as const, subject: url };
  const dispatcher = new Agent({
    connect: caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') },
  });
  try {
    const response = await request(`${url}/healthz`, {
      dispatcher,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body.dump();
    if (response.statusCode !== 200) {
      return [
        {
          ...finding,
          status: 'failed',
          message: `answers ${response.statusCode}`,
          action:
            'Is that the controller’s public listener, and a proxy between that passes everything?',
        },
      ];
    }
    const { date } = response.headers;
    return [
      { ...finding, status: 'ok', message: 'answers' },
      ...(typeof date === 'string' ? [compareClocks(url, Date.parse(date), Date.now())] : []),
    ];
  } catch (error) {
    const code = reasonOf(error);
    const isTls = /CERT|SIGNATURE|ISSUER|ALTNAME/.test(code);
    return [
      {
        ...finding,
        status: 'failed',
        message: `does not answer (${code})`,
        action: isTls
          ? 'Browsers would refuse its certificate too: run postern doctor on the controller.'
          : 'Does the controller run, and do firewalls let this machine reach it?',
      },
    ];
  } finally {
    await dispatcher.destroy();
  }
}

/** The header has whole seconds, so a second's difference is none. */
function compareClocks(subject: string, theirsMs: number, oursMs: number): Finding {
  const skewMs = Math.abs(oursMs - theirsMs);
  const finding = { check: 'clock' as const, subject };
  const message = `differs by ${Math.round(skewMs / 1000)} s from this machine’s`;
  const action = 'Let NTP set both clocks (timedatectl set-ntp true).';
  if (skewMs > MAX_SKEW_MS) return { ...finding, status: 'failed', message, action };
  if (skewMs > WARN_SKEW_MS) return { ...finding, status: 'warning', message, action };
  return { ...finding, status: 'ok', message };
}

export async function checkIssuer(issuer: string): Promise<Finding> {
  const finding = { check: 'sign-in' as const, subject: issuer };
  try {
    const { jwksUri } = await discoverProvider(issuer);
    return { ...finding, status: 'ok', message: `publishes its keys at ${jwksUri}` };
  } catch (error) {
    return {
      ...finding,
      status: 'failed',
      message: isAppError(error) ? error.message : reasonOf(error),
      action: 'Give the issuer exactly as it stands in its tokens, and let this machine reach it.',
    };
  }
}
