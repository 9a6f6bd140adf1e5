/**
 * Every metric of the gateway's own: its name, what it says, its labels and its buckets. The page of the documentation is made from
 * this. What there is of the process besides, such as its memory and its event loop, is prom-client's.
 *
 * A label takes few values: routes, providers, tools that are offered, codes of the contract. Never a model, a key, a tenant or
 * anything that a caller says.
 */
export interface MetricDefinition<Label extends string = string> {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  readonly help: string
  readonly labels: readonly Label[]
  /** Upper bounds, ascending; of histograms only. */
  readonly buckets?: readonly number[]
  /** What the buckets measure; of histograms only. */
  readonly unit?: 'seconds' | 'bytes' | 'turns'
  /** What is made of the values of several processes; their sum by default. */
  readonly over?: 'first' | 'min' | 'max'
}

function counter<const Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) {
  return { kind: 'counter', name, help, labels } as const
}

function gauge<const Label extends string = never>(
  name: string,
  help: string,
  labels: readonly Label[] = [],
  over: 'first' | 'min' | 'max' | undefined = undefined,
) {
  return { kind: 'gauge', name, help, labels, ...(over && { over }) } as const
}

function histogram<const Label extends string = never>(
  name: string,
  help: string,
  labels: readonly Label[],
  buckets: readonly number[],
  unit: 'seconds' | 'bytes' | 'turns' = 'seconds',
) {
  return { kind: 'histogram', name, help, labels, buckets, unit } as const
}

/** Seconds, of answers that may take minutes. */
const answerSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
/** Seconds, of a wait for a model's first word. */
const firstSeconds = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60]
/** Seconds, of what the gateway itself takes. */
const ownSeconds = [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]

/** Seconds, of what a tool takes. */
const toolSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

/** Seconds, of the parts of a turn in which people talk with a model. */
const turnSeconds = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10]
/** Seconds, until somebody who is interrupted stops. */
const stopSeconds = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2]
/** Seconds, of whole conversations. */
const sessionSeconds = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400]

export const definitions = {
  buildInfo: gauge('vai_build_info', 'Always 1; the labels say which version runs.', ['version', 'node'], 'first'),

  requests: counter(
    'vai_requests_total',
    'Requests that are over, by their route and the status of the answer; 499 where the caller left before there was one.',
    ['route', 'method', 'status'],
  ),
  requestSeconds: histogram(
    'vai_request_duration_seconds',
    'From the arrival of a request until its answer was delivered or broke off; a stream lasts to its end.',
    ['route', 'method'],
    answerSeconds,
  ),
  requestsInFlight: gauge('vai_requests_in_flight', 'Requests that have arrived and are not over.'),
  overheadSeconds: histogram(
    'vai_overhead_seconds',
    'What the gateway itself takes of a request. until="first_call": from its arrival to the first call upstream; until="answer": to the beginning of the answer, without the time from the first call to the end of the last. The time in which the caller sends the body is not counted.',
    ['until'],
    ownSeconds,
  ),
  firstEventSeconds: histogram(
    'vai_first_event_seconds',
    'From the arrival of a request for a stream to the first event with content, by the provider that answered.',
    ['provider'],
    firstSeconds,
  ),

  upstreamCalls: counter(
    'vai_upstream_calls_total',
    'Calls to providers, by how they ended: ok, cancelled, or the code of the error. A stream that breaks counts as broken.',
    ['provider', 'outcome'],
  ),
  upstreamSeconds: histogram(
    'vai_upstream_duration_seconds',
    'From a call to a provider to its answer, for a stream to its first content; failed calls count, too.',
    ['provider', 'kind'],
    answerSeconds,
  ),
  retries: counter(
    'vai_upstream_retries_total',
    'Calls that failed and were made again at the same model, by the code of the failure.',
    ['provider', 'code'],
  ),
  fallbacks: counter(
    'vai_fallbacks_total',
    'Models that did not answer and were followed by another, by the provider that did not and the code of its failure.',
    ['provider', 'code'],
  ),
  breakerState: gauge(
    'vai_breaker_state',
    'Whether calls to a provider are made: 0 they are, 1 one is made as a probe, 2 they are not.',
    ['provider'],
    'max',
  ),

  streamsOpen: gauge('vai_streams_open', 'Streams that callers read now.'),
  streamsEnded: counter(
    'vai_streams_ended_total',
    'Streams that are over, by how they ended: complete, cancelled by the caller, or the code of the error.',
    ['provider', 'ended'],
  ),
  tokens: counter(
    'vai_tokens_total',
    'Tokens of answers as the providers count them. kind is input (without the cache), output, cache_read or cache_write.',
    ['provider', 'kind'],
  ),
  cost: counter('vai_cost_usd_total', 'What answers cost in US dollars, as far as prices are known.', ['provider']),

  runs: counter(
    'vai_runs_total',
    'Runs that are over, by their stop reason; those that failed before an answer are `error`, too.',
    ['ended'],
  ),
  runSeconds: histogram('vai_run_duration_seconds', 'From the beginning of a run to its end.', [], answerSeconds),
  runTurns: histogram('vai_run_turns', 'How often a run asked the model.', [], [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64], 'turns'),
  toolCalls: counter(
    'vai_tool_calls_total',
    'Calls of tools in runs, by how they ended: ok, error, timeout, cancelled, or invalid where there is no such tool or it takes no such arguments. tool is client for those that the client of a live session runs, and unknown for a name that was not offered to the model.',
    ['tool', 'outcome'],
  ),
  toolSeconds: histogram('vai_tool_duration_seconds', 'How long a tool took, whatever came of it.', ['tool'], toolSeconds),
  toolResultBytes: histogram(
    'vai_tool_result_bytes',
    'How long the result of a tool is that the model is given.',
    ['tool'],
    [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304],
    'bytes',
  ),

  sttCalls: counter(
    'vai_stt_calls_total',
    'Blocks of sound that were to be heard, by how that ended: ok, cancelled, or the code of the error.',
    ['provider', 'outcome'],
  ),
  sttSeconds: histogram(
    'vai_stt_duration_seconds',
    'How long it took until a block of sound was heard.',
    ['provider'],
    answerSeconds,
  ),
  heardSeconds: counter('vai_heard_seconds_total', 'How much sound was heard, in seconds.', ['provider']),
  ttsCalls: counter(
    'vai_tts_calls_total',
    'Sentences that a provider was to speak, by how that ended: ok, cancelled, or the code of the error.',
    ['provider', 'outcome'],
  ),
  ttsFirstSeconds: histogram(
    'vai_tts_first_audio_seconds',
    'From asking a provider to speak a sentence to the first sound of it.',
    ['provider'],
    firstSeconds,
  ),
  spokenSeconds: counter('vai_spoken_seconds_total', 'How much sound providers spoke, in seconds.', ['provider']),
  spokenCharacters: counter('vai_spoken_characters_total', 'How many characters providers spoke.', ['provider']),
  firstAudioSeconds: histogram(
    'vai_first_audio_seconds',
    'From the arrival of a request for a spoken stream to its first sound.',
    ['provider'],
    firstSeconds,
  ),
  voiceGaps: counter(
    'vai_voice_gaps_total',
    'How often somebody who plays a spoken stream as it comes had to wait for more of it.',
    ['provider'],
  ),
  voiceGapSeconds: counter('vai_voice_gap_seconds_total', 'How long they had to wait in all, in seconds.', ['provider']),
  ttsCache: counter('vai_tts_cache_total', 'Sentences that were looked for in the cache of speech: hit or miss.', ['result']),

  liveSockets: gauge('vai_live_sockets_open', 'Sockets of `/v1/live` that are open now, also before they have said hello.'),
  liveSessions: gauge(
    'vai_live_sessions_open',
    'Live sessions that have begun and are not over, also those whose socket is lost.',
  ),
  liveSessionsLost: gauge('vai_live_sessions_lost', 'Live sessions whose socket is lost and that wait for their client.'),
  liveSessionsEnded: counter(
    'vai_live_sessions_ended_total',
    'Live sessions that are over, by the reason that the client is told.',
    ['reason'],
  ),
  liveSessionSeconds: histogram(
    'vai_live_session_duration_seconds',
    'From the beginning of a live session to its end.',
    [],
    sessionSeconds,
  ),
  liveResumes: counter(
    'vai_live_resumes_total',
    'Clients that wanted to go on with a live session, by what came of it: ok, or the code of the error.',
    ['result'],
  ),
  liveTurns: counter(
    'vai_live_turns_total',
    'Turns of live sessions that are over, by how they ended: the stop reason of the answer, or what broke it off.',
    ['ended'],
  ),
  liveEouSeconds: histogram(
    'vai_live_eou_delay_seconds',
    'From the end of speech until the turn was taken for complete.',
    [],
    turnSeconds,
  ),
  liveSttFinalSeconds: histogram(
    'vai_live_stt_final_seconds',
    'From the end of speech until its last words were final.',
    [],
    turnSeconds,
  ),
  liveLlmTtftSeconds: histogram(
    'vai_live_llm_ttft_seconds',
    'From a complete turn until the first words of the model.',
    [],
    turnSeconds,
  ),
  liveTtsTtfbSeconds: histogram(
    'vai_live_tts_ttfb_seconds',
    'From the first sentence of an answer until its first sound.',
    [],
    turnSeconds,
  ),
  liveVoiceToVoiceSeconds: histogram(
    'vai_live_voice_to_voice_seconds',
    'From the end of speech until the first sound of the answer was sent.',
    [],
    turnSeconds,
  ),
  liveInterruptionStopSeconds: histogram(
    'vai_live_interruption_stop_seconds',
    'From the first word of an interruption until the sound was stopped.',
    [],
    stopSeconds,
  ),
  liveResets: counter('vai_live_audio_resets_total', 'How often sound that was sent was taken back, by the reason.', ['reason']),
  liveSttReconnects: counter(
    'vai_live_stt_reconnects_total',
    'How often a connection to the provider that hears was lost in a live session and made again.',
    ['provider'],
  ),
  liveTtsRetries: counter(
    'vai_live_tts_retries_total',
    'How often the provider that speaks in a live session failed and the rest was asked for again. with is own for the same voice and fallback for another.',
    ['provider', 'with'],
  ),
  liveWarnings: counter('vai_live_warnings_total', 'Warnings that clients of live sessions were sent, by their code.', ['code']),
  livePlainSpeech: counter(
    'vai_live_plain_speech_total',
    'Answers in live sessions with text that the model wrote without calling talk_to_user: spoken, or refused where the gate is strict.',
    ['gate'],
  ),

  limitRefusals: counter('vai_limit_refusals_total', 'Requests that a limit refused: which limit, and whose.', [
    'limit',
    'scope',
  ]),
  limitStoreUp: gauge(
    'vai_limit_store_up',
    'Whether the store that counts limits for several processes can be reached, 1 or 0; absent without such a store.',
    [],
    'min',
  ),
  sheds: counter('vai_shed_requests_total', 'Requests that were refused because the process had too much to do.', ['reason']),
  keysReads: counter('vai_keys_reads_total', 'How often changed gateway keys were read, by whether they were valid.', ['result']),
  spans: counter(
    'vai_spans_total',
    'Spans of traces that were sent to the collector, or were lost because it did not take them.',
    ['result'],
  ),
} as const satisfies Readonly<Record<string, MetricDefinition>>
