/** The Node SDK: dial and host services from a program (docs/node-sdk.md). */
export { enrollProgram, type EnrollOptions } from './enroll-program.ts';
export type { Identity } from '../enroll/identity-file.ts';
export type { Login, ServiceInfo } from './controller-api.ts';
export {
  openPostern,
  type CallerInfo,
  type IncomingConnection,
  type Postern,
  type PosternOptions,
  type ServiceListener,
  type WaitOptions,
} from './postern.ts';
