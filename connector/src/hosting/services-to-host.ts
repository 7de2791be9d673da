import type { Logger } from '@postern/shared/log';
import type { HostState } from '@postern/shared/schemas';
import type { ConnectorConfig } from '../config.ts';
import { hostedByConfig, type HostedConfig } from './host-config.ts';

/**
 * All services to host: those of the connector's configuration, and those that the controller says how to host
 * where the configuration lets it. A service that cannot be hosted as the controller says is left out, and the
 * log says why: it must not keep the others from being hosted.
 */
export function servicesToHost(
  { services, hostConfigs }: Pick<ConnectorConfig, 'services' | 'hostConfigs'>,
  state: HostState | undefined,
  logger: Logger,
): HostedConfig[] {
  if (hostConfigs === undefined || state === undefined) return services;
  const own = new Set(services.map(({ service }) => service));
  const others = state.services.flatMap((service) => {
    if (own.has(service.name)) return [];
    try {
      return hostedByConfig(service, hostConfigs.allow, state.identity.name) ?? [];
    } catch (error) {
      logger.warn('connector.host-config-refused', { service: service.name, error });
      return [];
    }
  });
  return [...services, ...others];
}
