import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@postern/shared/errors';
import { silentLogger, type LogFields, type Logger } from '@postern/shared/log';
import { acmeSchema, type AcmeConfig } from '@postern/shared/schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateCertificateKeys, privateKeyPem } from '../enroll/index.ts';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '../x509/index.ts';
import { AcmeCertificates } from './acme-certificates.ts';
import { acmeCertificateFile } from './acme-store.ts';
import type { IssuedCertificate } from './issued-certificate.ts';

const HOUR_MS = 3_600_000;
const LIFE_MS = 90 * 24 * HOUR_MS;
const START_MS = Date.parse('2026-01-01T00:00:00Z');

let dir: string;
let config: AcmeConfig;
let open: AcmeCertificates | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-acme-'));
  config = acmeSchema.parse({
    agreeToTerms: true,
    names: ['login.example.com'],
    stateDir: dir,
    httpHost: '127.0.0.1',
    httpPort: 0,
  });
});
afterEach(async () => {
  await open?.close();
  open = undefined;
  await rm(dir, { recursive: true, force: true });
});

async function issue(fromMs: number): Promise<IssuedCertificate> {
  const keys = await generateCertificateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    keys,
    notBefore: new Date(fromMs),
    notAfter: new Date(fromMs + LIFE_MS),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new SubjectAlternativeNameExtension([{ type: 'dns', value: 'login.example.com' }]),
    ],
  });
  return {
    key: privateKeyPem(keys),
    cert: certificate.toString('pem'),
    notBeforeMs: fromMs,
    notAfterMs: fromMs + LIFE_MS,
  };
}

/** A server that takes some orders, and a clock that moves only when it is waited on. */
function world(answers: ((nowMs: number) => Promise<IssuedCertificate>)[]) {
  let nowMs = START_MS;
  const orderedAtMs: number[] = [];
  const events: { event: string; fields: LogFields }[] = [];
  const note = (event: string, fields: LogFields = {}) => void events.push({ event, fields });
  const logger: Logger = { ...silentLogger, info: note, warn: note, error: note };
  let onDone: () => void = () => undefined;
  /** Resolves when all answers are used up and it waits again. */
  const done = new Promise<void>((resolve) => (onDone = resolve));
  const untilAborted = (signal: AbortSignal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  return {
    events,
    orderedAtMs,
    done,
    deps: {
      logger,
      now: () => nowMs,
      random: () => 0,
      wait: async (ms: number, signal: AbortSignal) => {
        if (answers.length === 0) {
          onDone();
          await untilAborted(signal);
        }
        nowMs += ms;
      },
      order: async () => {
        orderedAtMs.push(nowMs);
        return answers.shift()!(nowMs);
      },
    },
  };
}
const refused = async (): Promise<IssuedCertificate> => {
  throw new AppError('ERR_ACME_SERVER', 'refused');
};

describe('AcmeCertificates', () => {
  it('orders the first at once, and the next when a third of its life is left', async () => {
    const { deps, done, orderedAtMs } = world([issue, issue]);
    open = await AcmeCertificates.open(config, deps);
    expect(open.current).toBeUndefined();
    const used: IssuedCertificate[] = [];
    open.start((issued) => used.push(issued));
    await done;
    expect(orderedAtMs).toEqual([START_MS, START_MS + (LIFE_MS * 2) / 3]);
    expect(used).toHaveLength(2);
    expect(open.current).toBe(used[1]);
  });

  it('tries again, ever more slowly, and goes on with what it has', async () => {
    const { deps, done, orderedAtMs, events } = world([issue, ...Array(10).fill(refused), issue]);
    open = await AcmeCertificates.open(config, deps);
    open.start(() => undefined);
    await done;
    const pausesMs = orderedAtMs.slice(2).map((atMs, i) => atMs - orderedAtMs[i + 1]!);
    expect(pausesMs.slice(0, 3)).toEqual([120_000, 240_000, 480_000]);
    expect(pausesMs.at(-1)).toBe(3 * HOUR_MS);
    const failures = events.filter(({ event }) => event === 'acme.failed');
    expect(failures).toHaveLength(10);
    expect(failures[0]?.fields).toMatchObject({
      code: 'ERR_ACME_SERVER',
      retryInMs: 120_000,
      serving: 'the certificate that ends 2026-04-01T00:00:00.000Z',
    });
  });

  it('starts from what is kept, unless it is for other names or of another server', async () => {
    const { deps, done } = world([issue]);
    open = await AcmeCertificates.open(config, deps);
    open.start(() => undefined);
    await done;
    const { key, cert } = open.current!;
    await open.close();
    const restarted = async (change: Partial<AcmeConfig>) => {
      const again = world([]);
      open = await AcmeCertificates.open({ ...config, ...change }, again.deps);
      await open.close();
      return { current: open.current, events: again.events };
    };
    expect((await restarted({})).current).toMatchObject({ key: key.trimEnd(), cert: `${cert}\n` });
    const renamed = await restarted({ names: ['login.example.com', 'wiki.example.com'] });
    expect(renamed.current).toBeUndefined();
    expect(renamed.events).toMatchObject([
      { event: 'acme.certificate.unfit', fields: { code: 'ERR_ACME_CERTIFICATE' } },
    ]);
    const elsewhere = await restarted({ directoryUrl: 'https://acme.example.com/directory' });
    expect(elsewhere).toEqual({ current: undefined, events: [] });
  });

  it('takes a damaged file for no certificate', async () => {
    const { deps, done } = world([issue]);
    open = await AcmeCertificates.open(config, deps);
    await writeFile(acmeCertificateFile(config), 'torn');
    await open.close();
    open = await AcmeCertificates.open(config, deps);
    open.start(() => undefined);
    await done;
    expect(open.current).toBeDefined();
  });

  it('serves a certificate that it cannot keep', async () => {
    const { deps, done, events } = world([issue]);
    open = await AcmeCertificates.open(config, deps);
    await mkdir(`${acmeCertificateFile(config)}.new`);
    open.start(() => undefined);
    await done;
    expect(open.current).toBeDefined();
    expect(events[0]).toMatchObject({ event: 'acme.certificate.unkept' });
  });

  it('stops while it orders', async () => {
    const waiting = world([]);
    open = await AcmeCertificates.open(config, {
      ...waiting.deps,
      order: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        }),
    });
    open.start(() => undefined);
    await open.close();
    await open.close();
    expect(waiting.events).toEqual([]);
  });
});
