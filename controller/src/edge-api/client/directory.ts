/** What clients must know before they log in, and which controllers there are. */
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { repositories } from '../../store/repositories.ts';
import type { EdgeListener } from '../common-routes.ts';
import { detail, links, list } from '../envelope.ts';
import { detailOf, linksSchema, listOf, tagsSchema, timeSchema } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

const signerSchema = z
  .strictObject({
    id: z.string(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    tags: tagsSchema,
    name: z.string(),
    externalAuthUrl: z.string(),
    clientId: z.string(),
    scopes: z.array(z.string()),
    audience: z.string(),
    targetToken: z.string(),
    enrollToCertEnabled: z.boolean(),
    enrollToTokenEnabled: z.boolean(),
    _links: linksSchema,
  })
  .meta({ id: 'ClientExternalJwtSignerDetail' });

export function addDirectoryRoutes(
  routes: EdgeRoutes,
  { store, endpoints }: ControllerContext,
  listener: EdgeListener,
): void {
  routes.add(
    {
      method: 'get',
      path: '/external-jwt-signers',
      access: 'anyone',
      summary: 'Identity providers to log in with',
      operationId: 'listExternalJwtSigners',
      response: listOf(signerSchema),
    },
    async () => {
      const signers = await repositories.externalJwtSigners.find(store.db, { enabled: true });
      const data = signers.map((signer) => ({
        id: signer.id,
        createdAt: signer.createdAt,
        updatedAt: signer.updatedAt,
        tags: {},
        name: signer.name,
        externalAuthUrl: signer.externalAuthUrl ?? '',
        clientId: signer.clientId,
        scopes: signer.scopes,
        audience: signer.audience,
        targetToken: signer.targetToken,
        enrollToCertEnabled: signer.enrollToCertEnabled,
        enrollToTokenEnabled: signer.enrollToTokenEnabled,
        _links: links('external-jwt-signers', signer.id),
      }));
      return list(data, { limit: Math.max(data.length, 1), offset: 0, totalCount: data.length }, [
        'id',
        'name',
      ]);
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/protocols',
      access: 'anyone',
      summary: 'How this controller is reached',
      operationId: 'listProtocols',
      response: detailOf(z.strictObject({ https: z.strictObject({ address: z.string() }) })),
    },
    () => Promise.resolve(detail({ https: { address: new URL(endpoints[listener]).host } })),
  );
}
