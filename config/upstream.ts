import { integer } from './setting.ts'

/** How long providers are waited for, and what follows when they fail. */
export const upstreamSettings = {
  upstream_connect_ms: integer(
    'VAI_UPSTREAM_CONNECT_MS',
    5000,
    1,
    3_600_000,
    'How long connecting to a provider may take, in milliseconds.',
  ),
  upstream_first_byte_ms: integer(
    'VAI_UPSTREAM_FIRST_BYTE_MS',
    60_000,
    1,
    3_600_000,
    'How long a provider may take to begin a streamed answer, in milliseconds. An answer in one piece begins when it is complete: there limit_stream_ms counts.',
  ),
  upstream_idle_ms: integer(
    'VAI_UPSTREAM_IDLE_MS',
    60_000,
    1,
    3_600_000,
    'How long a provider may be silent in the middle of an answer, in milliseconds.',
  ),
  retry_attempts: integer(
    'VAI_RETRY_ATTEMPTS',
    2,
    0,
    10,
    'How often a call that failed for a transient reason is tried again, before anything reached the caller.',
  ),
  retry_budget_ms: integer(
    'VAI_RETRY_BUDGET_MS',
    10_000,
    0,
    600_000,
    'How long after its first call a request may still be tried again, in milliseconds; 0 turns retries off, but not fallbacks.',
  ),
  breaker_failure_percent: integer(
    'VAI_BREAKER_FAILURE_PERCENT',
    50,
    0,
    100,
    'The share of calls that a provider has to fail to be left alone for a while, in percent; 0 calls it regardless.',
  ),
  breaker_least_calls: integer(
    'VAI_BREAKER_LEAST_CALLS',
    20,
    1,
    1_000_000,
    'A provider with fewer calls in the window is never left alone.',
  ),
  breaker_window_ms: integer(
    'VAI_BREAKER_WINDOW_MS',
    30_000,
    100,
    3_600_000,
    'How far back calls count for that share, in milliseconds.',
  ),
  breaker_open_ms: integer(
    'VAI_BREAKER_OPEN_MS',
    10_000,
    1,
    3_600_000,
    'How long a provider is left alone before one call tries it again, in milliseconds.',
  ),
}
