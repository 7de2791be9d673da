/** Where a part's spans go. Parts record a span when it has ended: nothing is kept meanwhile. */
import type { TraceContext } from '@postern/shared/protocol/trace';

export interface Span {
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly context: Pick<TraceContext, 'traceId' | 'spanId'>;
  readonly parentSpanId: string | undefined;
  /** ms since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** No secrets, no queries: they leave the network. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** A code; the span failed. */
  readonly error?: string | undefined;
}

export interface Tracer {
  /** Whether spans of this trace are recorded; all parts decide alike. */
  records(context: TraceContext): boolean;
  record(span: Span): void;
  /** Sends what waits, for at most 2 s. */
  close(): Promise<void>;
}

/** Records nothing. */
export const noTracer: Tracer = {
  records: () => false,
  record: () => undefined,
  close: () => Promise.resolve(),
};
