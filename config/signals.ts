import { choice, flag, integer, optionalURL } from './setting.ts'

/** What the gateway tells its operator. */
export const signalSettings = {
  log_level: choice(
    'VAI_LOG_LEVEL',
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    'info',
    'The least severe log line that is written.',
  ),
  log_prompts: flag(
    'VAI_LOG_PROMPTS',
    false,
    'Whether the log holds what callers ask, shortened to 64 KiB. Keys are masked in it as anywhere.',
  ),
  otlp_endpoint: optionalURL(
    'VAI_OTLP_ENDPOINT',
    'Where OpenTelemetry traces are sent by OTLP over HTTP: `http://collector:4318`. Default: OTEL_EXPORTER_OTLP_ENDPOINT; without either there are no traces.',
  ),
  trace_sample_percent: integer(
    'VAI_TRACE_SAMPLE_PERCENT',
    100,
    0,
    100,
    'The share of requests that are traced, in percent, where the caller does not say.',
  ),
}
