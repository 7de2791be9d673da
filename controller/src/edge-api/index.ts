export { createClientApi } from './client.ts';
export { createManagementApi } from './management.ts';
