import type { Tracer } from '@postern/node/tracing';
import type { Logger } from '@postern/shared/log';
import type { z } from 'zod';
import { relaxHeapGrowth } from '../process/relax-heap-growth.ts';

/** What every part gives back once it serves. */
interface Running {
  /** Takes another configuration without a restart; absent: the part cannot. */
  reload?(config: unknown): Promise<void>;
  close(): Promise<void>;
}

interface PartDeps {
  logger: Logger;
  tracer: Tracer;
}

/** A part loaded: how its configuration looks, and how it starts. */
export interface Part {
  schema: z.ZodType;
  start(config: unknown, deps: PartDeps): Promise<Running>;
}

/**
 * The parts by the name they have on the command line. Each is imported only when asked for: a router
 * need not load the controller's database.
 */
const loaders = {
  controller: async () => {
    const { controllerConfigSchema, createController } = await import('@postern/controller');
    return definePart(controllerConfigSchema, createController);
  },
  router: async () => {
    const { createRouter, routerConfigSchema } = await import('@postern/router');
    relaxHeapGrowth();
    return definePart(routerConfigSchema, createRouter);
  },
  connector: async () => {
    const { connectorConfigSchema, createConnector } = await import('@postern/connector');
    relaxHeapGrowth();
    return definePart(connectorConfigSchema, createConnector);
  },
  gateway: async () => {
    const { createGateway, gatewayConfigSchema } = await import('@postern/gateway');
    return definePart(gatewayConfigSchema, createGateway);
  },
  'dev-idp': async () => {
    const { createDevIdp, devIdpConfigSchema } = await import('../demo/dev-idp.ts');
    return definePart(devIdpConfigSchema, createDevIdp);
  },
} satisfies Record<string, () => Promise<Part>>;

export type PartName = keyof typeof loaders;
export const partNames = Object.keys(loaders) as PartName[];

export function loadPart(name: PartName): Promise<Part> {
  return loaders[name]();
}

function definePart<S extends z.ZodType>(
  schema: S,
  create: (
    config: z.output<S>,
    deps: PartDeps,
  ) => Promise<Pick<Running, 'close'> & { reload?(config: z.output<S>): Promise<void> }>,
): Part {
  // `loadConfig` has validated against this very schema.
  return {
    schema,
    start: (config, deps) => create(config as z.output<S>, deps),
  };
}
