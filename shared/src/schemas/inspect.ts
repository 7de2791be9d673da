/**
 * What a controller asks a router about its present state, and the answers (docs/protocol.md, "Control
 * channel"). Unlike reports they are made when asked for, and cost nothing until then.
 */
import { z } from 'zod';

const id = z.string().min(1).max(64);
const count = z.int().min(0);
const ms = z.number().min(0);
/** An id, and the name it has at that router now; the id again where it has none. */
const named = z.strictObject({ id, name: z.string().max(256) });

/** Rows of one answer at most; `total` says how many there are. */
export const MAX_INSPECTED_ROWS = 1000;

const circuits = z.strictObject({
  value: z.literal('circuits'),
  /** Circuits that began at this router, the youngest first. */
  circuits: z
    .array(
      z.strictObject({
        id,
        service: named,
        identity: named,
        terminatorId: id.optional(),
        path: z.array(named).max(32),
        ageMs: ms,
        bytesToHost: count,
        bytesToClient: count,
        /** Its ends resume, so that it may be moved to a better way. */
        isMovable: z.boolean(),
      }),
    )
    .max(MAX_INSPECTED_ROWS),
  total: count,
});

const links = z.strictObject({
  value: z.literal('links'),
  links: z
    .array(
      z.strictObject({
        /** Absent while there is no connection. */
        id: id.optional(),
        peer: named,
        /** `down`: to be dialed by this router, and not up. */
        state: z.enum(['up', 'down']),
        /** This router dialed, or is to dial. */
        isDialer: z.boolean(),
        /** Round trip as this end measured it. */
        latencyMs: ms.optional(),
        /** What a path pays for going from this router to the peer; absent for one that no path may take. */
        cost: ms.optional(),
        /** Circuits that go over it. */
        circuits: count,
        /** Bytes that wait at this end to be sent. */
        queuedBytes: count,
      }),
    )
    .max(MAX_INSPECTED_ROWS),
  total: count,
});

const hop = z.strictObject({
  router: named,
  /** Round trip of the link to it, as known to the router that answers. */
  latencyMs: ms,
  /** What going there adds to the path. */
  cost: ms,
});

const path = z.strictObject({
  value: z.literal('path'),
  service: named,
  /** Ways from this router to each terminator of the service that policy allows, the chosen one first. */
  ways: z
    .array(
      z.strictObject({
        terminatorId: id,
        host: named,
        router: named,
        precedence: z.enum(['default', 'required', 'failed']),
        terminatorCost: count,
        /** Absent when the terminator's router cannot be reached. */
        pathCost: ms.optional(),
        hops: z.array(hop).max(32),
        /** A dial would take this one, or at random one of those that are marked. */
        isChosen: z.boolean(),
      }),
    )
    .max(MAX_INSPECTED_ROWS),
  total: count,
});

const traceroute = z.strictObject({
  value: z.literal('traceroute'),
  circuitId: id,
  hops: z
    .array(
      z.strictObject({
        kind: z.enum(['router', 'host']),
        /** Empty for a host: routers do not name those. */
        id: z.string().max(64),
        name: z.string().max(256),
        /** From the first router to this place and back; absent when no answer came. */
        roundTripMs: ms.optional(),
      }),
    )
    .max(33),
});

const failed = z.strictObject({
  value: z.literal('failed'),
  code: z.string().max(64),
  message: z.string().max(256),
});

/** Controller → router (61240). */
export const inspectSchema = z.strictObject({
  /** Comes back in the answer. */
  requestId: z.int().min(1),
  value: z.enum(['circuits', 'links', 'path', 'traceroute']),
  /** `path`: id of the service. `traceroute`: id of a circuit that began at this router. */
  of: id.optional(),
});
export type Inspect = z.infer<typeof inspectSchema>;

/** Router → controller (61241): one for each Inspect. */
export const inspectedSchema = z.strictObject({
  requestId: z.int().min(1),
  answer: z.discriminatedUnion('value', [circuits, links, path, traceroute, failed]),
});
export type Inspected = z.infer<typeof inspectedSchema>;
export type Inspection = Inspected['answer'];
export type InspectionOf<V extends Inspection['value']> = Extract<Inspection, { value: V }>;
