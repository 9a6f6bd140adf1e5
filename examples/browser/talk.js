import { VAI } from '@vai/sdk'
import { WorkletMicrophone, WorkletPlayer } from '@vai/sdk/browser'
import { Conversation } from './conversation.js'
import { Progress } from './progress.js'

const page = Object.fromEntries([...document.querySelectorAll('[id]')].map((element) => [element.id, element]))
const states = {
  idle: 'Not listening',
  listening: 'Listening',
  committing: 'Listening',
  thinking: 'Thinking',
  speaking: 'Speaking',
  interrupted: 'Listening',
  ending: 'Ending',
  away: 'Trying to come back',
  off: 'Not connected',
}
let session
let isMuted = false
/** Of the last look for models; what an earlier one comes to is of no interest. */
let looked = 0

offerModels()
page.address.addEventListener('change', offerModels)
page.key.addEventListener('change', offerModels)

page.settings.addEventListener('submit', async (event) => {
  event.preventDefault()
  page.error.hidden = true
  page.start.disabled = true
  show('off', 'Connecting …')
  const problem = await talk().catch((error) => error)
  page.session.hidden = true
  page.settings.hidden = false
  page.start.disabled = false
  page.start.focus()
  show('off', states.off)
  if (problem) fail(problem)
})

/** From the click to the end; gives or throws what went wrong. */
async function talk() {
  // Made in the handler of the click, before anything is waited for: browsers make no sound otherwise.
  const player = new WorkletPlayer()
  const microphone = page.listens.checked ? new WorkletMicrophone() : undefined
  let level
  try {
    // Asked for before there is a session, which would wait for the answer.
    if (microphone) level = levelOf(await microphone.prepare())
    session = await connect({ player, ...(microphone && { microphone }) })
    setMuted(false)
    page.mute.hidden = !microphone
    page.settings.hidden = true
    page.session.hidden = false
    page.text.focus()
    if (level) showLevel(level)
    const { type, why, error } = await session.ended
    return type === 'ended' ? undefined : (error ?? new Error(why))
  } finally {
    session = undefined
    level?.close()
    await Promise.all([player.close(), microphone?.stop()])
  }
}

function connect(sound) {
  const conversation = new Conversation(page.conversation)
  return client().live.connect(
    {
      model: page.model.value,
      tts: { voice: page.voice.value },
      ...(sound.microphone && { stt: { model: page.hearing.value } }),
      // Browsers take the assistant's voice out of the microphone.
      features: { client_has_aec: true, want_alignment: true },
    },
    { ...sound, prepare: (opening) => follow(opening, conversation) },
  )
}

/** Shows what happens in a session. */
function follow(opening, conversation) {
  let state = 'idle'
  const showState = () => {
    show(state, states[state] ?? state)
    page.interrupt.disabled = state !== 'speaking' && state !== 'thinking'
  }
  // There is a line, for the first time or again. A session comes back in the state in which it was.
  opening.on('hello_ack', showState)
  opening.on('turn_state', (event) => {
    state = event.state
    showState()
  })
  opening.on('transcript_delta', (event) => conversation.hear(event))
  opening.on('utterance_final', ({ utterance_id, text }) => conversation.heard(utterance_id, text))
  opening.on('assistant_text_delta', ({ turn_id, text }) => conversation.say(turn_id, text))
  const progress = new Progress()
  opening.on('assistant_audio_start', (event) => progress.begin(event))
  opening.on('audio', (event) => progress.sound(event))
  opening.on('sent', (message) => {
    const heard = message.type === 'playback_mark' && progress.played(message)
    if (heard) conversation.follow(heard.turn, heard.words)
  })
  opening.on('turn_complete', ({ turn_id, played_text }) => conversation.said(turn_id, played_text))
  opening.on('turn_cancelled', ({ turn_id }) => conversation.said(turn_id, ''))
  opening.on('warning', ({ message }) => conversation.note(message))
  opening.on('error', ({ message }) => conversation.note(message))
  opening.on('audio_unavailable', ({ text }) => conversation.note(`Not spoken: ${text}`))
  opening.on('microphone_failed', ({ why }) => conversation.note(`You are not heard: ${why}`))
  opening.on('player_failed', ({ why }) => conversation.note(`Nothing is heard: ${why}`))
  opening.on('connection_lost', ({ unconfirmed }) => {
    show('away', states.away)
    const typed = unconfirmed.filter(({ type }) => type === 'input_text')
    for (const { content } of typed) conversation.note(`This may not have arrived: ${content}`)
  })

  page.typed.onsubmit = (event) => {
    event.preventDefault()
    const text = page.text.value.trim()
    if (text === '') return
    if (!opening.say(text)) return conversation.note('That was not sent: there is no line now.')
    conversation.typed(text)
    page.text.value = ''
  }
}

page.mute.onclick = () => {
  if (isMuted ? session?.unmute() : session?.mute()) setMuted(!isMuted)
}
page.interrupt.onclick = () => session?.interrupt()
page.end.onclick = () => void session?.end()
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape' && !page.interrupt.disabled) session?.interrupt()
})

function setMuted(muted) {
  isMuted = muted
  page.mute.setAttribute('aria-pressed', String(muted))
}

function show(state, text) {
  page.state.dataset.state = state
  // Nobody wants to be told again what has not changed.
  if (page.state.textContent !== text) page.state.textContent = text
}

function fail(error) {
  const isUnreachable = error.name === 'ConnectionError'
  const hint = isUnreachable ? ` Does it run, with VAI_CORS_ORIGINS=${location.origin}?` : ''
  page.error.textContent = `${error.message.replace(/[.]?$/, '.')}${hint}`
  page.error.hidden = false
  page.error.scrollIntoView({ block: 'nearest' })
}

function client() {
  return new VAI({ baseURL: page.address.value, ...(page.key.value && { apiKey: page.key.value }) })
}

/** Also tells whether there is a gateway, before anybody speaks to it. */
async function offerModels() {
  const look = ++looked
  page.error.hidden = true
  const models = []
  let problem
  try {
    // Asked once: somebody is there who can say where it is.
    for await (const { id } of await client().models.list({}, { maxRetries: 0 })) models.push(new Option(id, id))
  } catch (error) {
    problem = error
  }
  if (look !== looked) return
  page.models.replaceChildren(...models)
  // Whoever has started is told by that.
  if (!problem || page.start.disabled) return
  page.gateway.open = true
  fail(problem)
}

/** Makes the dot larger that tells the state, by how loud it is. */
function showLevel(level) {
  if (!session) return page.state.style.removeProperty('--level')
  page.state.style.setProperty('--level', isMuted ? 0 : level.read())
  requestAnimationFrame(() => showLevel(level))
}

/** How loud a stream is just now, from 0 to 1. */
function levelOf(stream) {
  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: 512 })
  new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    read() {
      analyser.getFloatTimeDomainData(samples)
      return Math.min(1, 5 * Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length))
    },
    close: () => void context.close(),
  }
}
