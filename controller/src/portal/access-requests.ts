/** Asking for access to an application that one may not open. */
import { AppError } from '@postern/shared/errors';
import type { Portal } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import type { AccessRequest } from '../model/access-requests.ts';
import { newEntity } from '../model/defaults.ts';
import type { Identity } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';

/** Open requests of one identity. */
const MAX_OPEN_REQUESTS = 20;
/** Decided requests of one identity that are kept; older ones are deleted when it asks anew. */
const MAX_DECIDED_REQUESTS = 50;

type Context = Pick<ControllerContext, 'store' | 'policy' | 'clock' | 'events'>;
type OwnRequest = Portal['accessRequests'][number];

export interface Wish {
  /** Host of the application, with its port unless default. */
  readonly host: string;
  readonly message: string;
}

/**
 * Notes the wish of an identity; one that is open already stays as it is.
 * @throws AppError ERR_APPLICATION_NOT_FOUND (404), ERR_ACCESS_HELD, ERR_ACCESS_REQUEST_LIMIT (409)
 */
export async function requestAccess(
  { store, policy, clock, events }: Context,
  { id: identityId }: Pick<Identity, 'id'>,
  { host, message }: Wish,
): Promise<OwnRequest> {
  const application = await applicationOf(store, host);
  if (policy.mayDial(identityId, application.serviceId, 'posture-ignored'))
    throw new AppError('ERR_ACCESS_HELD', 'the identity may open the application', { status: 409 });
  const request = await store.write(async (tx) => {
    const own = await repositories.accessRequests.find(tx.db, { identityId });
    const open = own.filter(({ state }) => state === 'open');
    const known = open.find(({ applicationId }) => applicationId === application.id);
    if (known) return known;
    if (open.length >= MAX_OPEN_REQUESTS)
      throw new AppError('ERR_ACCESS_REQUEST_LIMIT', 'too many open requests', {
        status: 409,
        publicMessage: `You have ${MAX_OPEN_REQUESTS} requests that wait for an answer.`,
      });
    const decided = own.filter(({ state }) => state !== 'open').sort(latestFirst);
    for (const { id } of decided.slice(MAX_DECIDED_REQUESTS - 1))
      await repositories.accessRequests.remove(tx, id);
    return repositories.accessRequests.insert(tx, {
      ...newEntity(clock()),
      tags: {},
      identityId,
      applicationId: application.id,
      message,
      state: 'open',
      answer: '',
      decidedAt: null,
      decidedById: null,
      policyId: null,
    });
  });
  events.emit('entityWritten', { plural: 'access-requests' });
  return show(request, application);
}

/** What an identity asked for, the latest first. */
export async function ownAccessRequests(
  { store }: Pick<Context, 'store'>,
  identityId: string,
): Promise<OwnRequest[]> {
  const rows = await repositories.accessRequests.find(store.db, { identityId });
  const applications = await repositories.applications.findIn(
    store.db,
    'id',
    rows.map(({ applicationId }) => applicationId),
  );
  return rows.sort(latestFirst).flatMap((row) => {
    const application = applications.find(({ id }) => id === row.applicationId);
    return application ? [show(row, application)] : [];
  });
}

async function applicationOf({ db }: Context['store'], host: string) {
  // As the gateway finds it: one host is one application, https first.
  const rows = await repositories.applications.findIn(db, 'origin', [
    `https://${host}`,
    `http://${host}`,
  ]);
  const found = rows.sort((a, b) => (a.origin < b.origin ? 1 : -1))[0];
  if (!found)
    throw new AppError('ERR_APPLICATION_NOT_FOUND', 'no application has this host', {
      status: 404,
    });
  return found;
}

function show(
  { id, message, state, createdAt, decidedAt, answer }: AccessRequest,
  { name, origin }: { name: string; origin: string },
): OwnRequest {
  return { id, application: { name, origin }, message, state, createdAt, decidedAt, answer };
}

const latestFirst = (a: AccessRequest, b: AccessRequest): number =>
  a.createdAt < b.createdAt ? 1 : -1;
