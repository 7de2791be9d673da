export { type GatewayConfig, type GatewayConfigInput, gatewayConfigSchema } from './config.ts';
export { createGateway, type RunningGateway } from './node.ts';
