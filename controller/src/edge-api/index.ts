export { createClientApi } from './client.ts';
export { CLIENT_BASES } from './common-routes.ts';
export { createManagementApi } from './management.ts';
