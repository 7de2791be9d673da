/** What the audit log keeps of a written row: which members changed, and values that are no secrets. */
import { isDeepStrictEqual } from 'node:util';
import type { ColumnKind, Table } from '../model/table.ts';
import { currentActor } from './actor.ts';
import type { AuditEntry } from './audit-table.ts';

/** Stands for a value that is a secret, or may hold one. */
export const NOT_RECORDED = '(not recorded)';
const MAX_VALUE_CHARS = 1024;

type Row = Readonly<Record<string, unknown>>;

/** Tables whose rows are recorded by the event they stem from, or say nothing about administration. */
const NOT_AUDITED: ReadonlySet<string> = new Set(['auditRecords']);

/** Written by machines all the time: part of the live view, not of the audit log. */
const NOT_AUDITED_MEMBERS: Readonly<Record<string, ReadonlySet<string>>> = {
  identities: new Set(['envInfo', 'sdkInfo']),
  authenticators: new Set(['failedAttempts', 'lastAuthenticatedAt']),
  mfas: new Set(['failedAttempts', 'lastStep', 'lockedUntil']),
  apiSessions: new Set(['lastActivityAt', 'expiresAt']),
  edgeRouters: new Set([
    'isOnline',
    'hostname',
    'edgeUrls',
    'fabricAddresses',
    'links',
    'versionInfo',
    'interfaces',
  ]),
};
/** Structured members that are known to hold no secret; those of other tables may hold anything. */
const RECORDED_STRUCTURES: Readonly<Record<string, ReadonlySet<string>>> = {
  authPolicies: new Set(['primary', 'secondary']),
  brandings: new Set(['light', 'dark']),
  postureChecks: new Set(['definition']),
  identities: new Set(['serviceHostingCosts', 'serviceHostingPrecedences']),
};

/** The entry of a created (no `before`), changed or deleted (no `after`) row; none when nothing counts. */
export function entityChange(
  table: Table,
  before: Row | undefined,
  after: Row | undefined,
): AuditEntry | undefined {
  if (table.name === 'apiSessions' && !before && after) return sessionOpened(after);
  if (NOT_AUDITED.has(table.name) || isRoutine(table.name, before, after)) return undefined;
  const skipped = NOT_AUDITED_MEMBERS[table.name];
  const members: Record<string, [unknown, unknown]> = {};
  for (const [name, { kind, secret }] of Object.entries(table.columns)) {
    if (name === 'id' || name === 'createdAt' || name === 'updatedAt') continue;
    if (before && skipped?.has(name)) continue;
    const was = before?.[name] ?? null;
    const is = after?.[name] ?? null;
    if (isDeepStrictEqual(was, is)) continue;
    const show = (value: unknown): unknown =>
      value === null ? null : secret ? NOT_RECORDED : shown(table.name, name, kind, value);
    members[name] = [show(was), show(is)];
  }
  const isUpdate = before !== undefined && after !== undefined;
  if (isUpdate && Object.keys(members).length === 0) return undefined;
  return {
    action: isUpdate ? 'update' : before ? 'delete' : 'create',
    entityKind: table.name,
    entityId: (after ?? before)?.['id'] as string,
    details: { members },
  };
}

/** Whoever opens an API session has proved who they are; they, not the request so far, are the actor. */
function sessionOpened(row: Row): AuditEntry {
  const [id, sessionId, address, authenticatorId] = [
    row['identityId'],
    row['id'],
    row['ipAddress'],
    row['authenticatorId'],
  ] as string[];
  return {
    actor: { kind: 'identity', id: id ?? '', sessionId: sessionId ?? '', address: address ?? '' },
    action: 'authenticate',
    entityKind: 'apiSessions',
    entityId: sessionId ?? '',
    details: { authenticatorId },
  };
}

/** What goes by itself: sessions used or expired, hosting by connectors. */
function isRoutine(table: string, before: Row | undefined, after: Row | undefined): boolean {
  const { kind } = currentActor();
  if (table === 'apiSessions') return after !== undefined || kind === 'system';
  return table === 'terminators' && kind !== 'identity' && (before ?? after)?.['hostId'] !== '';
}

function shown(table: string, name: string, kind: ColumnKind, value: unknown): unknown {
  const structured = kind === 'json' || kind === 'map';
  if (structured && RECORDED_STRUCTURES[table]?.has(name) !== true) {
    return Object.keys(value as object).length === 0 ? {} : NOT_RECORDED;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS)}…` : value;
}
