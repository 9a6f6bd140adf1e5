// @ts-check
// A spoken answer, into a file: sentence by sentence, while the answer is still being written.
import { writeFile } from 'node:fs/promises'
import { userMessage, VAI } from '@vai/sdk'

const vai = new VAI({ defaultModel: 'demo/echo' })
const stream = vai.messages.stream({
  messages: [userMessage('Good morning! It is **nine** o’clock.')],
  voice: { output: { voice: 'demo/soft', format: 'wav', alignment: true } },
})

const chunks = []
for await (const sound of stream.audio()) {
  // The text goes on all the same. Leaving the loop would close the stream.
  if (sound.type === 'audio_unavailable') console.log(`the voice failed: ${sound.error.message}`)
  else {
    chunks.push(sound.bytes)
    if (sound.text) console.log(`speaks: ${sound.text.trim()}`)
  }
}
const path = process.argv[2] ?? 'answer.wav'
await writeFile(path, Buffer.concat(chunks))
const { usage } = await stream.finalMessage()
console.log(`${path}: ${Buffer.concat(chunks).length} bytes, ${usage.voice?.spoken_seconds ?? 0} s`)
