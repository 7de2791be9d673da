/** What `/fabric/v1` answers of things that are in no table. */
import { z } from 'zod';
import { linksSchema, referenceSchema, tagsSchema, timeSchema } from '../edge-api/responses.ts';

const base = {
  id: z.string(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  tags: tagsSchema,
  _links: linksSchema,
};

export const circuitSchema = z
  .strictObject({
    ...base,
    /** The calling identity. */
    clientId: z.string(),
    sessionId: z.string().nullable(),
    service: referenceSchema,
    terminator: referenceSchema.nullable(),
    path: z.strictObject({ nodes: z.array(referenceSchema), links: z.array(referenceSchema) }),
  })
  .meta({ id: 'CircuitDetail' });

export const linkSchema = z
  .strictObject({
    id: z.string(),
    sourceRouter: referenceSchema,
    destRouter: referenceSchema,
    protocol: z.literal('tls'),
    state: z.literal('Connected'),
    down: z.literal(false),
    staticCost: z.int(),
    /** Nanoseconds, as OpenZiti has them. */
    sourceLatency: z.int(),
    destLatency: z.int(),
    /** Static cost and both latencies in milliseconds. */
    cost: z.int(),
    iteration: z.int(),
    _links: linksSchema,
  })
  .meta({ id: 'LinkDetail' });

export const routerSchema = z
  .strictObject({
    ...base,
    name: z.string(),
    fingerprint: z.string().nullable(),
    connected: z.boolean(),
    cost: z.int(),
    noTraversal: z.boolean(),
    disabled: z.boolean(),
    listenerAddresses: z.array(z.strictObject({ address: z.string(), protocol: z.string() })),
    versionInfo: z.null(),
  })
  .meta({ id: 'RouterDetail' });

export const inspectionSchema = z
  .strictObject({
    success: z.boolean(),
    errors: z.array(z.string()),
    values: z.array(z.strictObject({ appId: z.string(), name: z.string(), value: z.unknown() })),
  })
  .meta({ id: 'InspectResponse' });

export const memberSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    voter: z.boolean(),
    leader: z.boolean(),
    connected: z.boolean(),
    version: z.string(),
    readOnly: z.boolean(),
  })
  .meta({ id: 'ClusterMember' });
