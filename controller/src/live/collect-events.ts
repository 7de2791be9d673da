/** Gathers what happens in this controller, and what the database says others did, into the event log. */
import type { Change, Entity } from '@postern/shared/schemas';
import type { AuditRecord } from '../audit/audit-table.ts';
import { auditRecords } from '../audit/audit-table.ts';
import type { ControllerContext } from '../context.ts';
import { latestOnly } from '../control/latest-job.ts';
import { decodeRow } from '../model/table.ts';
import { EventLog } from './event-log.ts';
import type { LiveEventType } from './live-event.ts';

/** Records of other controllers read at once; more are left out of the stream, not of the log. */
const MAX_CATCH_UP = 1000;

export interface LiveEvents {
  readonly log: EventLog;
  close(): void;
}

type CollectContext = Pick<ControllerContext, 'store' | 'events' | 'audit' | 'clock' | 'logger'>;

export async function collectEvents(
  { store, events, audit, clock, logger }: CollectContext,
  log: EventLog = new EventLog(),
): Promise<LiveEvents> {
  const now = (): string => new Date(clock()).toISOString();
  const add = (type: LiveEventType, data: Record<string, unknown>, time = now()): void =>
    log.add({ type, time, data });

  const last = await store.db
    .selectFrom('auditRecords')
    .select('seq')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  let seq = last?.seq ?? 0;
  const take = (record: AuditRecord): void => {
    if (record.seq <= seq) return;
    seq = record.seq;
    const { createdAt, actorKind, actorId, address, outcome, reason, entityKind, entityId } =
      record;
    const data = { actorKind, actorId, address, outcome, reason, entityKind, entityId };
    add(typeOf(record), { ...data, details: record.details, audit: record.seq }, createdAt);
  };
  const catchUp = latestOnly<undefined>(
    async () => {
      const rows = await store.db
        .selectFrom('auditRecords')
        .selectAll()
        .where('seq', '>', seq)
        .orderBy('seq', 'desc')
        .limit(MAX_CATCH_UP)
        .execute();
      for (const row of rows.reverse()) take(decodeRow(auditRecords, row));
    },
    (error) => logger.warn('live.catchUpFailed', { error }),
  );
  const onRecorded = (records: readonly AuditRecord[]): void => {
    // A number that does not follow: another controller wrote in between.
    if (records[0]?.seq === seq + 1) for (const record of records) take(record);
    else catchUp(undefined);
    events.emit('recorded', { seq: records.at(-1)?.seq ?? 0 });
  };
  const onRemote = (remote: { seq: number }): void => {
    if (remote.seq > seq) catchUp(undefined);
  };

  const routers = new Map<string, Entity<'router'>>();
  const terminators = new Set<string>();
  const { entities } = await store.snapshot();
  for (const router of entities.router) routers.set(router.id, router);
  for (const { id } of entities.terminator) terminators.add(id);
  const onChange = (change: Change): void => {
    if (change.kind === 'router') routerEvents(add, routers, change);
    else if (change.kind === 'terminator') terminatorEvents(add, terminators, change);
  };

  const onCircuit = ({ kind, ...circuit }: { kind: 'opened' | 'closed' }): void =>
    add(`circuit.${kind}`, circuit);
  events.on('circuit', onCircuit);
  events.on('recorded', onRemote);
  const stops = [
    store.onRecorded(onRecorded),
    store.changes.subscribe(({ changes }) => changes.forEach(onChange)),
    audit.onSigned(({ seq: signed, hash, jws }) => add('audit.head', { seq: signed, hash, jws })),
  ];
  return {
    log,
    close: () => {
      events.off('circuit', onCircuit);
      events.off('recorded', onRemote);
      for (const stop of stops) stop();
    },
  };
}

function typeOf({ action, entityKind }: AuditRecord): LiveEventType {
  if (action === 'authenticate') return 'authentication';
  if (action === 'delete' && entityKind === 'apiSessions') return 'session.ended';
  if (action === 'create' && entityKind === 'revocations') return 'session.ended';
  switch (action) {
    case 'create':
      return 'entity.created';
    case 'update':
      return 'entity.updated';
    case 'delete':
      return 'entity.deleted';
    default:
      return 'decision';
  }
}

type Add = (type: LiveEventType, data: Record<string, unknown>) => void;

function routerEvents(add: Add, routers: Map<string, Entity<'router'>>, change: Change): void {
  if (change.kind !== 'router') return;
  const id = change.op === 'delete' ? change.key : change.value.id;
  const before = routers.get(id);
  const after = change.op === 'delete' ? undefined : change.value;
  if (after) routers.set(id, after);
  else routers.delete(id);
  const isOnline = after?.isOnline ?? false;
  const name = (after ?? before)?.name;
  if (isOnline !== (before?.isOnline ?? false))
    add(isOnline ? 'router.online' : 'router.offline', { routerId: id, name });
  const linksOf = (router: Entity<'router'> | undefined) =>
    new Map((router?.links ?? []).map((link) => [link.id, link]));
  const [old, now] = [linksOf(before), linksOf(after)];
  const linkEvent = (type: LiveEventType, link: { id: string; peerId: string }): void =>
    add(type, { linkId: link.id, routerId: id, peerId: link.peerId });
  for (const link of now.values()) if (!old.has(link.id)) linkEvent('link.up', link);
  for (const link of old.values()) if (!now.has(link.id)) linkEvent('link.down', link);
}

function terminatorEvents(add: Add, known: Set<string>, change: Change): void {
  if (change.kind !== 'terminator') return;
  if (change.op === 'delete') {
    known.delete(change.key);
    add('terminator.deleted', { terminatorId: change.key });
    return;
  }
  const { id, serviceId, routerId, hostId, cost, precedence } = change.value;
  const type = known.has(id) ? 'terminator.updated' : 'terminator.created';
  known.add(id);
  add(type, { terminatorId: id, serviceId, routerId, hostId, cost, precedence });
}
