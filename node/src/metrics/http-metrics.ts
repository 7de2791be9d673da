/** Counts and times the requests of an HTTP server, whoever answers them. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SECONDS_BUCKETS, type MetricSink } from './metric-sink.ts';

type CountRequests = (server: Pick<Server, 'prependListener'>, listener: string) => void;

/** @param prefix such as `postern_gateway`. The answer adds a server, named by a label. */
export function createRequestMetrics(sink: MetricSink, prefix: string): CountRequests {
  const requests = sink.counter({
    name: `${prefix}_http_requests_total`,
    help: 'HTTP requests by listener and class of status; status 0: ended without an answer.',
    labels: ['listener', 'status'],
  });
  const seconds = sink.histogram({
    name: `${prefix}_http_request_seconds`,
    help: 'From the request head to the end of the answer.',
    labels: ['listener'],
    buckets: SECONDS_BUCKETS,
  });
  return (server, listener) => {
    server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
      const startMs = performance.now();
      response.once('close', () => {
        const { headersSent, statusCode } = response;
        const status = headersSent ? `${Math.floor(statusCode / 100)}xx` : '0';
        requests({ listener, status });
        seconds({ listener }, (performance.now() - startMs) / 1000);
      });
    });
  };
}
