/** A {@link MetricSink} that is scraped, in a registry of its own: several parts may run in one process. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Labels, MetricOptions, MetricSink } from './metric-sink.ts';

export class PrometheusSink implements MetricSink {
  readonly #registry = new Registry();

  counter: MetricSink['counter'] = (options) => {
    const counter = new Counter(this.#configuration(options));
    return (labels, add = 1) => counter.inc(labels, add);
  };

  histogram: MetricSink['histogram'] = ({ buckets, ...options }) => {
    const histogram = new Histogram({ ...this.#configuration(options), buckets: [...buckets] });
    return (labels, value) => histogram.observe(labels, value);
  };

  observe: MetricSink['observe'] = ({ kind = 'gauge', read, ...options }) => {
    const collect = (set: (labels: Labels<string>, value: number) => void): void => {
      const samples = read();
      if (typeof samples === 'number') set({}, samples);
      else for (const [labels, value] of samples) set(labels, value);
    };
    if (kind === 'gauge') {
      const gauge: Gauge = new Gauge({
        ...this.#configuration(options),
        collect: () => {
          gauge.reset();
          collect((labels, value) => gauge.set(labels, value));
        },
      });
    } else {
      const counter: Counter = new Counter({
        ...this.#configuration(options),
        collect: () => {
          counter.reset();
          collect((labels, value) => counter.inc(labels, value));
        },
      });
    }
  };

  /** Everything in the text format of Prometheus. */
  async scrape(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #configuration<L extends string>({ name, help, labels = [] }: MetricOptions<L>) {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}
