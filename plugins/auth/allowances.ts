/**
 * How much a key or a tenant may do. What is absent falls back: a key's to the gateway's own setting. A tenant's counts hold for all
 * its keys together, besides each key's own; its sizes and times hold for keys that say nothing else. 0 is no limit where counts
 * are concerned.
 */
export type Allowances = { readonly [Name in keyof typeof allowances]?: number }

/** Every allowance: from, to, and what it says. */
export const allowances = {
  requests_per_minute: [0, 1_000_000_000, 'Requests per minute'],
  requests_burst: [1, 1_000_000_000, 'How many of these may come at once'],
  tokens_per_minute: [0, 1_000_000_000_000, 'Input and output tokens per minute'],
  cost_per_day_usd: [0, 1_000_000, 'What the answers of a day (UTC) may cost, in US dollars'],
  concurrent_requests: [0, 1_000_000, 'Requests that may run at the same time'],
  concurrent_streams: [0, 1_000_000, 'How many of these may be streams'],
  concurrent_sessions: [0, 1_000_000, 'Live sessions that may be open at the same time'],
  body_bytes: [1024, 1024 ** 3, "The largest request body, in bytes; never more than the gateway's own limit"],
  image_bytes: [1, 1024 ** 3, 'The largest image, decoded, in bytes'],
  block_bytes: [1, 1024 ** 3, 'The largest other base64 block, decoded, in bytes'],
  base64_bytes: [1, 1024 ** 3, 'All base64 blocks of a request together, decoded, in bytes'],
  messages: [1, 10_000, 'The most messages in a request'],
  text_bytes: [1, 1024 ** 3, 'All text of a request together, in bytes'],
  stream_ms: [1, 24 * 3_600_000, 'The longest that one answer may take, in milliseconds'],
  upstream_first_byte_ms: [1, 3_600_000, 'How long a provider may take to begin a streamed answer, in milliseconds'],
  upstream_idle_ms: [1, 3_600_000, 'How long a provider may be silent in the middle of an answer, in milliseconds'],
} as const satisfies Readonly<Record<string, readonly [least: number, most: number, meaning: string]>>
