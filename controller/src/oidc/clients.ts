/** Each application is one public OAuth client: nothing is registered, rows are read when asked for. */
import type { AdapterPayload } from 'oidc-provider';
import type { ControllerContext } from '../context.ts';
import { applications, type Application } from '../model/services.ts';
import { decodeRow } from '../model/table.ts';

/** Path on the application's origin where the authorization response arrives. */
const CALLBACK_PATH = '/.postern/callback';

export async function findApplication(
  ctx: Pick<ControllerContext, 'store'>,
  id: string,
): Promise<Application | undefined> {
  const row = await ctx.store.db
    .selectFrom('applications')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && decodeRow(applications, row);
}

export async function findClientMetadata(
  ctx: Pick<ControllerContext, 'store'>,
  clientId: string,
): Promise<AdapterPayload | undefined> {
  const application = await findApplication(ctx, clientId);
  return application && clientMetadata(application);
}

function clientMetadata({ id, name, origin }: Application): AdapterPayload {
  return {
    client_id: id,
    client_name: name,
    application_type: 'web',
    redirect_uris: [origin + CALLBACK_PATH],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: true,
    id_token_signed_response_alg: 'ES256',
  };
}
