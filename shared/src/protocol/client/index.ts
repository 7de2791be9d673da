export {
  ServiceConnection,
  type Redial,
  type ServiceConnectionOptions,
} from './service-connection.ts';
export type { ConnectionReport, GrantSource, HopReport, TokenSource } from './types.ts';
