/** Services for programs that know nothing of this network (docs/tunneler.md). */
export type { LocalListener } from './local-listener.ts';
export { startServiceProxy, type ServiceProxyOptions } from './service-proxy.ts';
export { startNameProxy, type NameProxyOptions } from './name-proxy.ts';
export { ServiceNames, type ServiceNamesOptions } from './service-names.ts';
export { LoopbackNames, type LoopbackNamesOptions } from './loopback-names.ts';
export { startDnsServer, type DnsServerOptions } from './dns-server.ts';
