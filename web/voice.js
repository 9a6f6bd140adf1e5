import { eventsIn, Places, samplesIn, Timeline, wordsOf } from './voice-sound.js'

/** Hertz: of the sound that is asked for and of what plays it, so that nothing is resampled between two chunks. */
const rate = 24_000

const form = /** @type {HTMLFormElement} */ (byId('form'))
const text = /** @type {HTMLTextAreaElement} */ (byId('text'))
const voice = /** @type {HTMLSelectElement} */ (byId('voice'))
const model = /** @type {HTMLInputElement} */ (byId('model'))
const other = byId('other')
const otherVoice = /** @type {HTMLInputElement} */ (byId('other-voice'))
const hearing = /** @type {HTMLInputElement} */ (byId('hearing'))
const key = /** @type {HTMLInputElement} */ (byId('key'))
const speakButton = /** @type {HTMLButtonElement} */ (byId('speak'))
const recordButton = /** @type {HTMLButtonElement} */ (byId('record'))
const stopButton = /** @type {HTMLButtonElement} */ (byId('stop'))
const status = byId('status')
const problem = byId('error')
const heard = byId('heard')

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no ${id}`)
  return found
}

// ── The answer as text ──────────────────────────────────────────────────────────────────────────────────────────────────

/** The text of an answer, in which one word is marked. */
class Answer {
  #text = ''
  #from = 0
  #to = 0
  #spoken = byId('spoken')
  #word = byId('word')
  #rest = byId('rest')

  constructor() {
    this.#show()
  }

  get text() {
    return this.#text
  }

  /** @param {string} more */
  add(more) {
    this.#text += more
    this.#rest.textContent = this.#text.slice(this.#to)
  }

  /** @param {{ from: number, to: number } | undefined} place Nothing where the last word has been spoken. */
  mark(place) {
    if (place?.from === this.#from && place.to === this.#to) return
    this.#from = place?.from ?? this.#to
    this.#to = place?.to ?? this.#to
    this.#show()
  }

  #show() {
    this.#spoken.textContent = this.#text.slice(0, this.#from)
    this.#word.textContent = this.#text.slice(this.#from, this.#to)
    this.#rest.textContent = this.#text.slice(this.#to)
  }
}

// ── The answer as sound ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Plays chunks one behind the other, to the sample, and marks the word that is being spoken. */
class Player {
  #context = new AudioContext({ sampleRate: rate })
  #timeline = new Timeline(rate)
  #places = new Places()
  #answer
  /** When the sentence began that the next alignment is of. */
  #sentenceAt = 0
  /** @type {{ at: number, place: { from: number, to: number } }[]} */
  #marks = []
  #isOpen = true
  #frame = 0
  /** Stretches that have not been heard to their end. */
  #unheard = 0
  /** @type {(() => void) | undefined} */
  #wake

  /** @param {Answer} answer */
  constructor(answer) {
    this.#answer = answer
    void this.#context.resume()
    this.#frame = requestAnimationFrame(() => this.#follow())
  }

  /** @param {{ audio: string, text: string, alignment?: import('./voice-sound.js').Alignment }} chunk */
  add({ audio, text, alignment }) {
    if (!this.#isOpen) return
    const samples = samplesIn(audio)
    const at = samples.length > 0 ? this.#play(samples) : this.#timeline.end
    if (text !== '') this.#sentenceAt = at
    for (const word of alignment ? wordsOf(alignment) : []) {
      const place = this.#places.next(this.#answer.text, word.text)
      if (place) this.#marks.push({ at: this.#sentenceAt + word.atMs / 1000, place })
    }
  }

  /** Resolves when everything so far has been heard, or was stopped. */
  async finished() {
    if (this.#unheard > 0 && this.#isOpen) {
      await new Promise((resolve) => {
        this.#wake = () => resolve(undefined)
      })
    }
    if (this.#isOpen) this.#answer.mark(undefined)
    await this.close()
  }

  async close() {
    if (!this.#isOpen) return
    this.#isOpen = false
    cancelAnimationFrame(this.#frame)
    this.#wake?.()
    await this.#context.close()
  }

  /** @param {Float32Array<ArrayBuffer>} samples */
  #play(samples) {
    const buffer = this.#context.createBuffer(1, samples.length, rate)
    buffer.copyToChannel(samples, 0)
    const source = this.#context.createBufferSource()
    source.buffer = buffer
    source.connect(this.#context.destination)
    const at = this.#timeline.add(samples.length, this.#context.currentTime)
    this.#unheard++
    source.onended = () => {
      this.#unheard--
      if (this.#unheard === 0) this.#wake?.()
    }
    source.start(at)
    return at
  }

  #follow() {
    if (!this.#isOpen) return
    const now = this.#context.currentTime - (this.#context.outputLatency || 0)
    let place
    while (this.#marks[0] && this.#marks[0].at <= now) place = this.#marks.shift()?.place
    if (place) this.#answer.mark(place)
    this.#frame = requestAnimationFrame(() => this.#follow())
  }
}

// ── A turn ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @type {AbortController | undefined} */
let turn

/**
 * Asks, and plays the answer while it comes.
 * @param {string | object[]} content
 */
async function ask(content) {
  turn?.abort()
  const own = new AbortController()
  turn = own
  const answer = new Answer()
  const player = new Player(answer)
  own.signal.addEventListener('abort', () => void player.close(), { once: true })
  showProblem('')
  heard.hidden = true
  say('Asking …')
  setButtons()
  try {
    const response = await fetch('/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key.value && { 'x-api-key': key.value }) },
      body: JSON.stringify(requestOf(content)),
      signal: own.signal,
    })
    if (!response.ok || !response.body) throw await failureOf(response)
    let isWhole = false
    for await (const event of eventsIn(response.body)) {
      take(event, answer, player)
      isWhole ||= event.type === 'message_stop'
    }
    if (!isWhole) throw new Error('The answer was cut off on its way.')
    say('Speaking …')
    await player.finished()
    if (!own.signal.aborted) say('Done.')
  } catch (error) {
    await player.close()
    if (own.signal.aborted) return
    say('')
    showProblem(error instanceof Error ? error.message : String(error))
  } finally {
    if (turn === own) {
      turn = undefined
      setButtons()
    }
  }
}

/** @param {string | object[]} content */
function requestOf(content) {
  return {
    model: model.value.trim(),
    stream: true,
    voice: { output: { voice: voice.value || otherVoice.value.trim(), format: 'pcm', sample_rate: rate, alignment: true } },
    messages: [{ role: 'user', content }],
    ...(typeof content !== 'string' && hearing.value.trim() !== '' && { stt_model: hearing.value.trim() }),
  }
}

/**
 * @param {any} event
 * @param {Answer} answer
 * @param {Player} player
 */
function take(event, answer, player) {
  switch (event.type) {
    case 'message_start': {
      say('Answering …')
      const said = event.message.metadata?.user_transcript
      if (said === undefined) break
      heard.hidden = false
      heard.textContent = `Heard: ${said}`
      break
    }
    case 'content_block_delta':
      if (event.delta.type === 'text_delta') answer.add(event.delta.text)
      break
    case 'audio_chunk':
      player.add(event)
      break
    case 'audio_unavailable':
      showProblem(`The rest is not spoken: ${event.error.message}`)
      break
    case 'error':
      throw new Error(event.error.message)
  }
}

/** @param {Response} response */
async function failureOf(response) {
  const body = await response.json().catch(() => undefined)
  const issues = body?.error?.issues?.map((/** @type {{ message: string, param?: string }} */ issue) =>
    [issue.param, issue.message].filter(Boolean).join(': '),
  )
  return new Error(issues?.join('\n') || body?.error?.message || `The gateway answered with ${response.status}.`)
}

// ── The microphone ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** @type {MediaRecorder | undefined} */
let recorder

async function record() {
  turn?.abort()
  showProblem('')
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
    const own = new MediaRecorder(stream)
    recorder = own
    /** @type {Blob[]} */
    const pieces = []
    own.ondataavailable = ({ data }) => pieces.push(data)
    own.onstop = () => {
      for (const track of stream.getTracks()) track.stop()
      const isWanted = recorder === own
      if (isWanted) recorder = undefined
      setButtons()
      if (isWanted) void send(new Blob(pieces, { type: own.mimeType }))
    }
    own.start()
    say('Listening …')
  } catch (error) {
    say('')
    showProblem(`The microphone cannot be used: ${error instanceof Error ? error.message : error}`)
  }
  setButtons()
}

/** @param {Blob} sound */
async function send(sound) {
  const data = (await dataURL(sound)).replace(/^[^,]*,/, '')
  const [mediaType = ''] = sound.type.split(';')
  await ask([{ type: 'audio_stt', source: { type: 'base64', media_type: mediaType || 'audio/webm', data } }])
}

/**
 * @param {Blob} blob
 * @returns {Promise<string>}
 */
function dataURL(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(blob)
  })
}

function stop() {
  turn?.abort()
  const dropped = recorder
  recorder = undefined
  dropped?.stop()
  say('Stopped.')
  setButtons()
}

// ── The page ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {string} words */
function say(words) {
  status.textContent = words
}

/** @param {string} words */
function showProblem(words) {
  problem.textContent = words
  problem.hidden = words === ''
}

function setButtons() {
  const isBusy = turn !== undefined && !turn.signal.aborted
  const isRecording = recorder !== undefined
  speakButton.disabled = isBusy || isRecording
  recordButton.disabled = isBusy
  recordButton.textContent = isRecording ? 'Send' : 'Record'
  recordButton.setAttribute('aria-pressed', String(isRecording))
  stopButton.disabled = !isBusy && !isRecording
}

voice.addEventListener('change', () => {
  other.hidden = voice.value !== ''
  otherVoice.required = voice.value === ''
})
form.addEventListener('submit', (event) => {
  event.preventDefault()
  void ask(text.value)
})
recordButton.addEventListener('click', () => {
  if (recorder) recorder.stop()
  else void record()
})
stopButton.addEventListener('click', stop)
setButtons()
