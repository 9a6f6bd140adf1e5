// @ts-check
// A live session: something is said into it, something is typed, and the second answer is interrupted. The sound that a program for
// people would play is only counted here. Node 20 has no WebSocket of its own: the package `ws` has one.
import { setTimeout } from 'node:timers/promises'
import { VAI, webSocketDial } from '@vai/sdk'
import WebSocket from 'ws'

const vai = new VAI({ dial: webSocketDial(WebSocket) })
const session = await vai.live.connect({
  model: 'demo/echo',
  stt: { model: 'demo/meter' },
  tts: { voice: 'demo/soft' },
  audio_in: { encoding: 'pcm_s16le', sample_rate_hz: 16_000 },
  features: { send_playback_marks: false },
})
let bytes = 0
session.on('utterance_final', ({ text }) => console.log(`you: ${text}`))
session.on('audio', ({ sound }) => (bytes += sound.length))
speak()

for await (const event of session) {
  if (event.type === 'turn_complete') console.log(`assistant: ${event.played_text} (${event.stop_reason})`)
  if (event.type === 'turn_complete' && event.turn_id === 'turn_1') {
    session.say('I count to ten. One, two. Three, four. Five, six. Seven, eight. Nine, ten. That was all I wanted to say.')
  } else if (event.type === 'turn_complete' || event.type === 'turn_cancelled') session.end()
  // What was played until then stays in the history, and nothing else.
  if (event.type === 'assistant_audio_start' && event.turn_id === 'turn_2') setTimeout(2500).then(() => session.interrupt())
}
const { usage } = await session.ended
console.log(`${usage?.turns} turns; ${bytes} bytes of sound came, ${usage?.seconds_heard.toFixed(1)} s went`)

/** A second of a tone, which the demo takes for speech, and of silence. It goes at once, where a microphone has a frame every 20 ms. */
function speak() {
  session.startAudio()
  for (let frame = 0; frame < 100; frame++) {
    const samples = Int16Array.from({ length: 320 }, (_, at) => (frame < 50 ? 6000 * Math.sin(at / 8) : 0))
    session.sendAudio(new Uint8Array(samples.buffer))
  }
}
