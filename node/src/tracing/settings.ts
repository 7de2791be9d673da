/** Tracing is configured as every OpenTelemetry exporter is: by `OTEL_…` in the environment. */
import { AppError } from '@postern/shared/errors';

export interface TracingSettings {
  /** Where spans are posted. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  /** Share of traces recorded that nobody has decided on, 0 to 1. */
  readonly sampleRatio: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `undefined`: no endpoint is set, or `OTEL_SDK_DISABLED` is `true`; nothing is traced then.
 * @throws AppError `ERR_TRACING_SETTINGS`; it never quotes a value, since headers hold secrets
 */
export function readTracingSettings(env: Environment, part: string): TracingSettings | undefined {
  const read = (name: string): string | undefined => env[name]?.trim() || undefined;
  const own = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const base = read('OTEL_EXPORTER_OTLP_ENDPOINT');
  if ((own ?? base) === undefined || read('OTEL_SDK_DISABLED') === 'true') return undefined;
  const protocol =
    read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol === 'grpc') throw wrong('OTEL_EXPORTER_OTLP_PROTOCOL', 'gRPC is not spoken here');
  return {
    url: own === undefined ? tracesUrl(base ?? '') : httpUrl(own),
    headers: {
      ...pairs('OTEL_EXPORTER_OTLP_HEADERS', read('OTEL_EXPORTER_OTLP_HEADERS')),
      ...pairs('OTEL_EXPORTER_OTLP_TRACES_HEADERS', read('OTEL_EXPORTER_OTLP_TRACES_HEADERS')),
    },
    resource: {
      'service.name': read('OTEL_SERVICE_NAME') ?? `postern-${part}`,
      'service.namespace': 'postern',
      ...pairs('OTEL_RESOURCE_ATTRIBUTES', read('OTEL_RESOURCE_ATTRIBUTES')),
    },
    sampleRatio: ratio(read('OTEL_TRACES_SAMPLER'), read('OTEL_TRACES_SAMPLER_ARG')),
  };
}

const tracesUrl = (base: string): string => httpUrl(`${base.replace(/\/+$/, '')}/v1/traces`);

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw wrong('OTEL_EXPORTER_OTLP_ENDPOINT', 'is no http or https URL');
  return text;
}

/** `key=value,key=value`, percent-encoded (W3C Baggage). */
function pairs(name: string, text: string | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of text?.split(',') ?? []) {
    const [key = '', value] = pair.split(/=(.*)/s).map((part) => part.trim());
    if (pair.trim() === '') continue;
    if (value === undefined || !/^[\w.!#$%&'*+^`|~-]+$/.test(key))
      throw wrong(name, 'is no list of key=value');
    try {
      found[key] = decodeURIComponent(value);
    } catch {
      throw wrong(name, 'is not percent-encoded');
    }
  }
  return found;
}

function ratio(sampler: string | undefined, argument: string | undefined): number {
  if (sampler?.endsWith('always_off') === true) return 0;
  if (argument === undefined) return 1;
  const value = Number(argument);
  if (!(value >= 0 && value <= 1)) throw wrong('OTEL_TRACES_SAMPLER_ARG', 'is no share of 0 to 1');
  return value;
}

const wrong = (name: string, what: string): AppError =>
  new AppError('ERR_TRACING_SETTINGS', `${name}: ${what}`);
