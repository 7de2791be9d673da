import { describe, expect, it } from 'vitest';
import { readTracingSettings } from './settings.ts';

const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318/';

describe('readTracingSettings', () => {
  it('traces nothing unless there is an endpoint', () => {
    expect(readTracingSettings({}, 'router')).toBeUndefined();
    expect(readTracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, 'router')).toBeUndefined();
    const disabled = { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'true' };
    expect(readTracingSettings(disabled, 'router')).toBeUndefined();
  });

  it('reads what other exporters read', () => {
    expect(readTracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT }, 'router')).toEqual({
      url: 'http://127.0.0.1:4318/v1/traces',
      headers: {},
      resource: { 'service.name': 'postern-router', 'service.namespace': 'postern' },
      sampleRatio: 1,
    });
    const all = {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c.example.com/in',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a%3Db, x-team=ops',
      OTEL_SERVICE_NAME: 'edge',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };
    expect(readTracingSettings(all, 'router')).toMatchObject({
      url: 'https://c.example.com/in',
      headers: { authorization: 'Bearer a=b', 'x-team': 'ops' },
      resource: { 'service.name': 'edge', 'deployment.environment': 'test' },
      sampleRatio: 0.25,
    });
  });

  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: 'secret' },
    { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: 'a=%E0secret' },
    { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG: '2' },
  ])('refuses %o, without quoting it', (env) => {
    const read = () => readTracingSettings(env, 'router');
    expect(read).toThrow(expect.objectContaining({ code: 'ERR_TRACING_SETTINGS' }));
    expect(read).not.toThrow(/secret/);
  });
});
