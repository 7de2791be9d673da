/** Services for programs that know nothing of this network (docs/tunneler.md). */
export type { LocalListener } from './local-listener.ts';
export { startServiceProxy, type ServiceProxyOptions } from './service-proxy.ts';
