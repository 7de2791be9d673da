/**
 * Where a part's figures go: a part says what it counts through this interface and knows no monitoring
 * system. {@link PrometheusSink} is one sink; another is one file that implements this.
 *
 * Names are in Prometheus' convention whatever the sink: `postern_PART_what_unit`, base units (seconds,
 * bytes), `_total` at the end of counters. Label values come from fixed sets or from what is configured, never
 * from a peer: each value is memory.
 */

/** What every figure has. */
export interface MetricOptions<L extends string> {
  readonly name: string;
  /** One sentence for people. */
  readonly help: string;
  /** Default: none. */
  readonly labels?: readonly L[];
}

export type Labels<L extends string> = Readonly<Record<L, string>>;

/** A figure with its labels, as read. */
export type Sample<L extends string> = readonly [labels: Labels<L>, value: number];

export interface MetricSink {
  /** A count that the part adds to. The function takes what to add, default 1. */
  counter<L extends string = never>(
    options: MetricOptions<L>,
  ): (labels: Labels<L>, add?: number) => void;
  /** Durations or sizes; `buckets` are upper bounds, ascending, in the name's unit. */
  histogram<L extends string = never>(
    options: MetricOptions<L> & { readonly buckets: readonly number[] },
  ): (labels: Labels<L>, value: number) => void;
  /**
   * Figures that are read when somebody looks, and cost nothing until then. `kind` `counter` for those that
   * only grow.
   */
  observe<L extends string = never>(
    options: MetricOptions<L> & {
      readonly kind?: 'gauge' | 'counter';
      readonly read: () => number | Iterable<Sample<L>>;
    },
  ): void;
}

/** Bounds in seconds for what takes from a fraction of a millisecond to ten seconds. */
export const SECONDS_BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
