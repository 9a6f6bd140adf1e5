import { flag, integer, text } from './setting.ts'

/** The process and how it listens. */
export const serverSettings = {
  host: text('VAI_HOST', '127.0.0.1', 'The address to listen on.'),
  port: integer('VAI_PORT', 8080, 0, 65535, 'The port to listen on; 0 takes any free one.'),
  workers: integer('VAI_WORKERS', 1, 1, 256, 'How many processes answer on the port. Limits hold for all of them together.'),
  drain_ms: integer('VAI_DRAIN_MS', 30_000, 0, 3_600_000, 'How long running answers may go on after SIGTERM, in milliseconds.'),
  request_timeout_ms: integer(
    'VAI_REQUEST_TIMEOUT_MS',
    60_000,
    10,
    3_600_000,
    'How long a caller may take to send a request, in milliseconds.',
  ),
  keep_alive_ms: integer(
    'VAI_KEEP_ALIVE_MS',
    72_000,
    1000,
    3_600_000,
    'How long a connection without a request is kept open, in milliseconds. Longer than the load balancer keeps it.',
  ),
  ping_interval_ms: integer(
    'VAI_PING_INTERVAL_MS',
    15_000,
    1,
    3_600_000,
    'A stream that was quiet for this long gets a ping, in milliseconds. Its headers are not held longer than this either, once the provider has begun to answer.',
  ),
  demo: flag('VAI_DEMO', true, 'Whether the built-in models demo/echo and demo/tools answer.'),
  ollama_detect: flag(
    'VAI_OLLAMA_DETECT',
    true,
    'Whether an Ollama on this machine is looked for at the start, to say how it can be used.',
  ),
}
