import { expect, it } from 'vitest';
import { PrometheusSink } from './prometheus-sink.ts';

it('gives counts, durations and what is read, in the text format', async () => {
  const sink = new PrometheusSink();
  const dials = sink.counter({ name: 'dials_total', help: 'Dials.', labels: ['code'] });
  const seconds = sink.histogram({ name: 'dial_seconds', help: 'Time.', buckets: [0.1, 1] });
  let links: [{ peer: string }, number][] = [[{ peer: 'a' }, 1.5]];
  let frames = 7;
  sink.observe({ name: 'links', help: 'Links.', labels: ['peer'], read: () => links });
  sink.observe({ name: 'frames_total', help: 'Frames.', kind: 'counter', read: () => frames });
  dials({ code: 'ok' });
  dials({ code: 'ok' }, 2);
  seconds({}, 0.5);
  const { contentType, text } = await sink.scrape();
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  for (const line of [
    '# HELP dials_total Dials.',
    '# TYPE dials_total counter',
    'dials_total{code="ok"} 3',
    'dial_seconds_bucket{le="0.1"} 0',
    'dial_seconds_bucket{le="1"} 1',
    'dial_seconds_sum 0.5',
    '# TYPE links gauge',
    'links{peer="a"} 1.5',
    '# TYPE frames_total counter',
    'frames_total 7',
  ])
    expect(text.split('\n')).toContain(line);
  // What is gone is not told any more; what grows is told as it is.
  links = [];
  frames = 9;
  const later = (await sink.scrape()).text;
  expect(later).not.toContain('peer="a"');
  expect(later.split('\n')).toContain('frames_total 9');
});
