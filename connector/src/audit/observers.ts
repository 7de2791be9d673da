import type { Tracer } from '@postern/node/tracing';
import type { RequestObservers } from '../backend.ts';
import type { ConnectorMetrics } from '../metrics.ts';
import type { Caller } from '../sessions/session-host.ts';
import type { AuditFile } from './audit-file.ts';

/** Counts what ends, and puts it on record. */
export function observersOf(
  service: string,
  {
    metrics,
    audit,
    tracer,
  }: { metrics: ConnectorMetrics; audit: AuditFile | undefined; tracer: Tracer },
): RequestObservers {
  const whoOf = ({ claims }: Caller) => ({
    service,
    identityId: claims.sub,
    sessionId: claims.sid,
    via: claims.via,
  });
  return {
    onEnd({ seconds, ...end }, request, caller) {
      metrics.request(service, { seconds, ...end });
      const ms = Math.round(seconds * 10_000) / 10;
      audit?.write({ kind: 'http', ...whoOf(caller), ...request, ...end, ms });
    },
    ...(audit && {
      onTcpEnd: (end, caller) => audit.write({ kind: 'tcp', ...whoOf(caller), ...end }),
    }),
    tracer,
  };
}
