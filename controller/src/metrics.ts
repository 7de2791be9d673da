/** What one controller counts, whatever the sink. docs/operations.md lists all of it. */
import type { MetricSink } from '@postern/node/metrics';
import { isReasonCode } from '@postern/shared/errors';
import type { ControllerContext } from './context.ts';

type Sources = Pick<ControllerContext, 'events' | 'live' | 'store' | 'audit'> & {
  /** Control connections by role. */
  readonly connections: () => Record<'router' | 'identity', number>;
};

/** Counts circuits as routers tell of them, and adds what is read. Returns what ends the counting. */
export function observeController(
  sink: MetricSink,
  { events, live, store, connections }: Sources,
): () => void {
  const opened = sink.counter({
    name: 'postern_controller_circuits_opened_total',
    help: 'Circuits that routers connected here opened.',
  });
  const closed = sink.counter({
    name: 'postern_controller_circuits_closed_total',
    help: 'Circuits that ended, by why.',
    labels: ['code'],
  });
  const bytes = sink.counter({
    name: 'postern_controller_circuit_bytes_total',
    help: 'Body bytes of circuits that ended.',
    labels: ['direction'],
  });
  sink.observe({
    name: 'postern_controller_circuits',
    help: 'Circuits open that began at routers connected here.',
    read: () => live.network.circuits().length,
  });
  sink.observe({
    name: 'postern_controller_control_connections',
    help: 'Routers and connectors connected here.',
    labels: ['role'],
    read: () => Object.entries(connections()).map(([role, count]) => [{ role }, count] as const),
  });
  sink.observe({
    name: 'postern_controller_change_index',
    help: 'Number of the last change of what routers are told.',
    read: () => store.changes.index,
  });
  const onCircuit: Parameters<typeof events.on<'circuit'>>[1] = (event) => {
    if (event.kind === 'opened') {
      opened({});
      return;
    }
    const code = event.reason ?? '';
    closed({ code: isReasonCode(code) ? code : 'other' });
    bytes({ direction: 'to_host' }, event.bytesToHost ?? 0);
    bytes({ direction: 'to_client' }, event.bytesToClient ?? 0);
  };
  events.on('circuit', onCircuit);
  return () => void events.off('circuit', onCircuit);
}
