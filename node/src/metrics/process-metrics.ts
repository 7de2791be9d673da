/** The figures of any process, under the names that Prometheus gives them. */
import type { MetricSink } from './metric-sink.ts';

export function observeProcess(sink: MetricSink): void {
  sink.observe({
    name: 'process_resident_memory_bytes',
    help: 'Memory of the process.',
    read: () => process.memoryUsage.rss(),
  });
  sink.observe({
    name: 'process_cpu_seconds_total',
    help: 'Processor time used.',
    kind: 'counter',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000_000;
    },
  });
  sink.observe({
    name: 'process_start_time_seconds',
    help: 'When the process began, seconds since 1970.',
    read: () => performance.timeOrigin / 1000,
  });
}
