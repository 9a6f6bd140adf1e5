// Talks with a model over /v1/live. The microphone comes in on standard input, the assistant goes out on standard output, both as raw PCM:
//
//   sox -q --buffer 1024 -d -t raw -r 16000 -b 16 -e signed -c 1 - | node talk.mjs | play -q -t raw -r 24000 -b 16 -e signed -c 1 -
import process from 'node:process'
import WebSocket from 'ws'

const { LIVE_URL = 'ws://127.0.0.1:8080/v1/live', LIVE_KEY } = process.env
const [model = 'demo/echo', voice = 'demo/soft', hearing = 'demo/meter'] = process.argv.slice(2)
const hello = {
  model,
  tts: { voice },
  stt: { model: hearing },
  audio_in: { encoding: 'pcm_s16le', sample_rate_hz: 16000 },
  audio_out: { encoding: 'pcm_s16le', sample_rate_hz: 24000 },
  features: { client_has_aec: false },
}
const [frameBytes, bytesPerMs] = [640, 48]

let socket, resume, chunkOf
let lastSeq = 0
/** How often it was tried to come back, since the session was there last. */
let tries = 0
/** Whether there is nothing more to say, and whether the session has ended. */
let isQuiet = false
let isOver = false
/** What the assistant is saying, as far as it has come. */
let segment
connect()

function connect() {
  socket = new WebSocket(LIVE_URL, 'vai.live.v1', { headers: LIVE_KEY ? { authorization: `Bearer ${LIVE_KEY}` } : {} })
  socket.on('open', () => send({ type: 'hello', protocol_version: '1', ...(resume ? { resume: resume() } : hello) }))
  socket.on('message', (data, isBinary) => (isBinary ? onSound(data) : onMessage(JSON.parse(data))))
  socket.on('error', (error) => console.error(error.message))
  socket.on('close', (code, reason) => {
    // What has come of it and was not played is sent again.
    segment = undefined
    // The network has closed it, or another process has the session. It waits for half a minute, which 18 tries take.
    if ((code === 1006 || code === 1013) && resume && !isOver && tries < 18)
      return setTimeout(connect, Math.min(2000, 100 * 2 ** tries++))
    if (code !== 1000) console.error(`closed: ${code} ${reason}`)
    process.exit(code === 1000 ? 0 : 1)
  })
}

function send(message) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
}

function onMessage(message) {
  lastSeq = message.seq
  switch (message.type) {
    case 'hello_ack':
      tries = 0
      resume = () => ({ session_id: message.session_id, token: message.resume_token, last_server_seq: lastSeq })
      if (!message.is_resumed) startMicrophone()
      else if (isQuiet) send({ type: 'audio_stream_end' })
      return
    case 'utterance_final':
      return console.error(`you: ${message.text}`)
    case 'assistant_audio_start':
      segment = { id: message.assistant_audio_id, waiting: Buffer.alloc(0), playedMs: 0, markedMs: 0, isWhole: false }
      return
    case 'assistant_audio_chunk_header':
      chunkOf = message.assistant_audio_id
      return
    case 'assistant_audio_end':
      if (segment?.id === message.assistant_audio_id) segment.isWhole = true
      return
    case 'audio_reset':
      if (segment?.id === message.assistant_audio_id) stop('stopped')
      return
    case 'turn_complete':
      console.error(`assistant: ${message.played_text} (${message.stop_reason})`)
      if (isQuiet) send({ type: 'control', op: 'end_session' })
      return
    case 'warning':
    case 'error':
      return console.error(`${message.type} ${message.code}: ${message.message}`)
    case 'session_end':
      isOver = true
  }
}

function onSound(bytes) {
  if (segment?.id === chunkOf) segment.waiting = Buffer.concat([segment.waiting, bytes])
}

// ── The loudspeaker ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Up to when sound was given to the loudspeaker. It is given silence, too, so that it never waits. */
let until = performance.now()
setInterval(() => {
  const ms = Math.floor(performance.now() - until)
  until += ms
  const out = Buffer.alloc(ms * bytesPerMs)
  if (segment) {
    const length = segment.waiting.copy(out)
    segment.waiting = segment.waiting.subarray(length)
    segment.playedMs += length / bytesPerMs
    if (segment.isWhole && segment.waiting.length === 0) stop('finished')
    else if (segment.playedMs - segment.markedMs >= 100) mark('playing')
  }
  process.stdout.write(out)
}, 20)

function stop(state) {
  mark(state)
  segment = undefined
}

function mark(state) {
  send({ type: 'playback_mark', assistant_audio_id: segment.id, played_ms: segment.playedMs, state })
  segment.markedMs = segment.playedMs
}

// ── The microphone ──────────────────────────────────────────────────────────────────────────────────────────────────────

function startMicrophone() {
  let rest = Buffer.alloc(0)
  send({ type: 'audio_stream_start' })
  process.stdin.on('data', (sound) => {
    rest = Buffer.concat([rest, sound])
    for (; rest.length >= frameBytes; rest = rest.subarray(frameBytes))
      if (socket.readyState === WebSocket.OPEN) socket.send(rest.subarray(0, frameBytes))
  })
  process.stdin.on('end', () => {
    isQuiet = true
    send({ type: 'audio_stream_end' })
  })
}
