import { z } from 'zod';
import { isControllerOnline } from '../../control/controller-directory.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';

/** The controllers of this network. None leads: each reads and writes. */
export const controllers: EntityDefinition = defineEntity({
  plural: 'controllers',
  repository: repositories.controllers,
  actions: [],
  shown: {
    apiAddresses: z.record(
      z.string(),
      z.array(z.strictObject({ url: z.string(), version: z.string() })),
    ),
    isOnline: z.boolean(),
    isPreferredLeader: z.boolean(),
  },
  render: (rows, { nowMs }) =>
    Promise.resolve(
      rows.map((row) => ({
        isOnline: isControllerOnline(row, nowMs),
        isPreferredLeader: false,
      })),
    ),
});
