export { connectorConfigSchema } from './config.ts';
export type { ConnectorConfig, ConnectorConfigInput, HostedServiceConfig } from './config.ts';
export { createConnector } from './connector.ts';
export type { Connector, ConnectorDeps } from './connector.ts';
