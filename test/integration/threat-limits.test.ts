/** Holds the table of limits in docs/threat-model.md to the constants and defaults that enforce them. */
import { readFileSync } from 'node:fs';
import { connectorConfigSchema } from '@postern/connector';
import { controllerConfigSchema } from '@postern/controller';
import { routerLimitsSchema } from '@postern/router';
import { CLOCK_TOLERANCE_SECONDS, MAX_TOKEN_LENGTH } from '@postern/shared/grants';
import { EDGE_LIMITS, HELLO_LIMITS } from '@postern/shared/protocol/channel';
import { expect, it } from 'vitest';
import { DECISION_LIMITS } from '../../controller/src/audit/decisions.ts';
import { MAX_READERS } from '../../controller/src/edge-api/live/event-readers.ts';
import { MAX_ANONYMOUS_BODY_BYTES, MAX_BODY_BYTES } from '../../controller/src/edge-api/routes.ts';
import { DEFAULT_EVENTS } from '../../controller/src/live/event-log.ts';
import { SERVICE_TOKEN_SECONDS } from '../../controller/src/sessions/end-sessions.ts';
import { PROOF_WINDOW_SECONDS } from '../../controller/src/sign-in/dpop.ts';
import { DEFAULT_MAX_PROOFS } from '../../controller/src/sign-in/replay-cache.ts';
import { APP_TOKEN_SECONDS } from '../../controller/src/sign-in/sessions.ts';
import {
  ASSERTION_SECONDS,
  BIND_GRANT_SECONDS,
  DIAL_GRANT_SECONDS,
} from '../../controller/src/grants/issue-grants.ts';
import { CIRCUIT_WINDOW_BYTES } from '../../shared/src/protocol/edge/credit.ts';
import { DEFAULT_HANDSHAKE_TIMEOUT_MS } from '../../shared/src/protocol/handshake/handshake-run.ts';
import {
  MAX_FIELDS,
  MAX_FIELDS_BYTES,
  MAX_TARGET_BYTES,
} from '../../shared/src/protocol/http/limits.ts';
import { DEFAULT_MAX_SUSPENDED } from '../../shared/src/protocol/resume/resumptions.ts';
import { DEFAULT_AUTH_DUE_MS } from '../../shared/src/protocol/session/auth-renewal.ts';
import { MAX_PLAINTEXT_BYTES } from '../../shared/src/protocol/session/record.ts';
import { MAX_STREAMS } from '../../shared/src/protocol/session/session.ts';
import { INITIAL_STREAM_WINDOW_BYTES } from '../../shared/src/protocol/session/stream.ts';
import { MAX_RECORDS_PER_KEY } from '../../shared/src/protocol/session/traffic-key.ts';

const router = routerLimitsSchema.parse({});
const connector = connectorConfigSchema.parse({
  stateDir: 'x',
  services: [{ service: 'x', target: 'http://127.0.0.1:1' }],
});
const controller = controllerConfigSchema.parse({
  dataDir: 'x',
  loginOrigin: 'https://login.example',
});
const KiB = 1024;
const MiB = 1024 * KiB;

/** Row of the table → what the code does. */
const inCode: Record<string, string> = {
  'Header fields': `${MAX_FIELDS} fields, ${MAX_FIELDS_BYTES / KiB} KiB`,
  'Request target': `${MAX_TARGET_BYTES / KiB} KiB`,
  'REST body': `${MAX_BODY_BYTES / MiB} MiB / ${MAX_ANONYMOUS_BODY_BYTES / KiB} KiB`,
  'REST requests of a session': `${controller.limits.adminRequestsPerMinute.toLocaleString('en')} / ${controller.limits.clientRequestsPerMinute.toLocaleString('en')} a minute`,
  'Message before Hello': `${HELLO_LIMITS.maxHeadersBytes / KiB} KiB headers, ${HELLO_LIMITS.maxBodyBytes / KiB} KiB body`,
  'Message after Hello': `${EDGE_LIMITS.maxHeadersBytes / KiB} KiB headers, ${EDGE_LIMITS.maxBodyBytes / KiB} KiB body`,
  'Plaintext of a record': `${MAX_PLAINTEXT_BYTES / KiB} KiB`,
  'Records under one key': `2^${Math.log2(MAX_RECORDS_PER_KEY)}`,
  'Handshake inside a circuit': `${DEFAULT_HANDSHAKE_TIMEOUT_MS / 1000} s`,
  'Grant renewal of a session': `${DEFAULT_AUTH_DUE_MS / 60_000} min`,
  'Streams of a session': String(MAX_STREAMS),
  'Streams of a connector': String(connector.limits.maxStreams),
  'Window of a stream': `${INITIAL_STREAM_WINDOW_BYTES / KiB} KiB at first`,
  'Window of a circuit': `${CIRCUIT_WINDOW_BYTES / MiB} MiB`,
  'Audit records of decisions': `${DECISION_LIMITS.known} and ${DECISION_LIMITS.unknown} in ${DECISION_LIMITS.windowMs === 600_000 ? 'ten minutes' : DECISION_LIMITS.windowMs}`,
  'Live events held': String(DEFAULT_EVENTS),
  'Readers of live events': String(MAX_READERS),
  'Sessions without a circuit': `${DEFAULT_MAX_SUSPENDED}, ${connector.limits.resumeGraceMs / 1000} s`,
  'Kept for sending again': `${CIRCUIT_WINDOW_BYTES / MiB} MiB, ${connector.limits.resumeBufferBytes / MiB} MiB in all`,
  'Router buffers': `${router.bufferedBytes / MiB} MiB`,
  'Router buffers of one peer': `${router.bufferedBytesPerPeer / MiB} MiB`,
  'Unauthenticated sockets': `${router.unauthenticatedSockets}, ${router.unauthenticatedPerAddress} an address`,
  'Connection until Hello': `${router.helloTimeoutMs / 1000} s`,
  'Write stall': `${router.writeStallMs / 1000} s`,
  'Read stall': `${router.readStallMs / 1000} s; ${router.hurriedReadStallMs / 1000} s while ${router.unreadBytes / MiB} MiB are unread`,
  'Ping after, dead after': `${router.pingAfterMs / 1000} s, ${router.deadAfterMs / 1000} s`,
  'Connector: ping after, dead after': `${router.hostProbeMs / 1000} s, ${router.hostDeadAfterMs / 1000} s`,
  'Link dead after': `${router.linkDeadAfterMs / 1000} s`,
  'Circuits of a browser': String(router.circuitsPerClient),
  'Dials of a browser': `${router.dialsPerSecondPerClient} a second`,
  'Log-ins and enrollments': `${controller.auth.attemptsPerMinute} a minute and address`,
  'Sign-in session': `${controller.sessions.maxSignInHours} h`,
  'Life in an outage': `${controller.sessions.outageMinutes} min`,
  'Any token': `${MAX_TOKEN_LENGTH / KiB} KiB`,
  'App token': `${APP_TOKEN_SECONDS} s`,
  'Dial grant': `${DIAL_GRANT_SECONDS} s`,
  'Bind grant': `${BIND_GRANT_SECONDS} s`,
  'Service session token': `${SERVICE_TOKEN_SECONDS} s`,
  'Identity assertion': `${ASSERTION_SECONDS} s`,
  'Proof of possession': `±${PROOF_WINDOW_SECONDS} s, once`,
  'Proofs remembered': String(DEFAULT_MAX_PROOFS),
  'Clock difference': `${CLOCK_TOLERANCE_SECONDS} s`,
};

const text = readFileSync(new URL('../../docs/threat-model.md', import.meta.url), 'utf8');
const sectionOf = (title: string) => text.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;

it('every row of the table says what the code does, and no row is missing', () => {
  const rows = [...sectionOf('Limits').matchAll(/^\| ([^|]+?) +\| ([^|]+?) +\|/gm)].slice(2);
  expect(Object.fromEntries(rows.map(([, resource, value]) => [resource, value]))).toEqual(inCode);
});

it('every rule names tests that exist', () => {
  const rows = sectionOf('Rules').trim().split('\n').slice(2);
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    const cited = row.split('|').at(-2)!.split(';');
    for (const entry of cited) {
      const file = /`([^`]+)`/.exec(entry)?.[1] ?? '';
      const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      const names = [...entry.matchAll(/"([^"]+)"/g)].map(([, name]) => name!);
      expect({ row, names: names.length }).not.toEqual({ row, names: 0 });
      expect({ file, missing: names.filter((name) => !source.includes(`'${name}'`)) }).toEqual({
        file,
        missing: [],
      });
    }
  }
});
