/** Reads Prometheus' text format, strictly: what this cannot read, a Prometheus may not either. */

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: {
    readonly name: string;
    readonly labels: Record<string, string>;
    value: number;
  }[];
}

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/;
const SAMPLE = new RegExp(
  `^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{((?:${LABEL.source},?)*)\\})? (NaN|[+-]Inf|[-+0-9.e]+)$`,
);

/** @throws Error for a line that is not in the format, and for a sample without HELP and TYPE. */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current: { name: string; help: string } | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary)$/.exec(line);
    if (help) {
      current = { name: help[1]!, help: help[2]! };
    } else if (type) {
      if (current?.name !== type[1] || families.has(type[1]!)) throw new Error(`TYPE: ${line}`);
      families.set(type[1]!, { ...current!, type: type[2]!, samples: [] });
    } else {
      addSample(families, line);
    }
  }
  return families;
}

function addSample(families: Map<string, Family>, line: string): void {
  const sample = SAMPLE.exec(line);
  if (!sample) throw new Error(`not a sample: ${line}`);
  const name = sample[1]!;
  const family =
    families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, '')) ?? undefined;
  if (!family) throw new Error(`a sample of nothing: ${line}`);
  const labels = Object.fromEntries(
    [...(sample[2] ?? '').matchAll(new RegExp(LABEL, 'g'))].map(([, key, value]) => [key!, value!]),
  );
  family.samples.push({ name, labels, value: Number(sample.at(-1)) });
}
