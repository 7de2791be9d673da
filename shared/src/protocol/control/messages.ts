import type { z } from 'zod';
import {
  certificateIssuedSchema,
  certificateRequestSchema,
  circuitEventSchema,
  closeCircuitSchema,
  deltaSchema,
  hostRevocationSchema,
  hostStateSchema,
  inspectedSchema,
  inspectSchema,
  renewCertificateSchema,
  routerCircuitsSchema,
  routerStatusSchema,
  routerTerminatorsSchema,
  snapshotSchema,
  subscribeSchema,
} from '../../schemas/index.ts';
import { ContentType } from '../channel/index.ts';

/** Every message with a JSON body on the control channel: its number and the form of its body. */
export const controlMessages = {
  subscribe: { contentType: ContentType.subscribe, schema: subscribeSchema },
  snapshot: { contentType: ContentType.snapshot, schema: snapshotSchema },
  delta: { contentType: ContentType.delta, schema: deltaSchema },
  routerStatus: { contentType: ContentType.routerStatus, schema: routerStatusSchema },
  routerTerminators: {
    contentType: ContentType.routerTerminators,
    schema: routerTerminatorsSchema,
  },
  closeCircuit: { contentType: ContentType.closeCircuit, schema: closeCircuitSchema },
  routerCircuits: { contentType: ContentType.routerCircuits, schema: routerCircuitsSchema },
  circuitEvent: { contentType: ContentType.circuitEvent, schema: circuitEventSchema },
  hostState: { contentType: ContentType.hostState, schema: hostStateSchema },
  hostRevocation: { contentType: ContentType.hostRevocation, schema: hostRevocationSchema },
  renewCertificate: {
    contentType: ContentType.renewCertificate,
    schema: renewCertificateSchema,
  },
  certificateRequest: {
    contentType: ContentType.certificateRequest,
    schema: certificateRequestSchema,
  },
  certificateIssued: {
    contentType: ContentType.certificateIssued,
    schema: certificateIssuedSchema,
  },
  inspect: { contentType: ContentType.inspect, schema: inspectSchema },
  inspected: { contentType: ContentType.inspected, schema: inspectedSchema },
} as const;

export type ControlType = keyof typeof controlMessages;
export type ControlBody<K extends ControlType> = z.infer<(typeof controlMessages)[K]['schema']>;
/** A received message, discriminated by `type`. */
export type ControlMessage = {
  [K in ControlType]: { readonly type: K; readonly value: ControlBody<K> };
}[ControlType];

const typesByNumber = new Map<number, ControlType>(
  Object.entries(controlMessages).map(([type, { contentType }]) => [
    contentType,
    type as ControlType,
  ]),
);

export function controlTypeOf(contentType: number): ControlType | undefined {
  return typesByNumber.get(contentType);
}

/** What a router may send to the controller. */
export const ROUTER_SENDS: readonly ControlType[] = [
  'subscribe',
  'routerStatus',
  'routerTerminators',
  'routerCircuits',
  'circuitEvent',
  'certificateRequest',
  'inspected',
];
/** What a connector may send to the controller. */
export const CONNECTOR_SENDS: readonly ControlType[] = ['certificateRequest'];
/** What the controller may send to routers and connectors. */
export const CONTROLLER_SENDS: readonly ControlType[] = [
  'snapshot',
  'delta',
  'closeCircuit',
  'inspect',
  'hostState',
  'hostRevocation',
  'renewCertificate',
  'certificateIssued',
];
