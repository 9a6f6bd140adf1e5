// The shortest session: one typed turn, whose answer is written to answer.raw. Listen to it with
//
//   play -t raw -r 24000 -b 16 -e signed -c 1 answer.raw
import { writeFileSync } from 'node:fs'
import WebSocket from 'ws'

const socket = new WebSocket(process.env.LIVE_URL ?? 'ws://127.0.0.1:8080/v1/live')
const send = (message) => socket.send(JSON.stringify(message))
const sound = []

socket.on('open', () => {
  const features = { send_playback_marks: false }
  send({ type: 'hello', protocol_version: '1', model: 'demo/echo', tts: { voice: 'demo/soft' }, features })
})
socket.on('message', (data, isBinary) => {
  if (isBinary) return sound.push(data)
  const message = JSON.parse(data)
  if (message.type === 'hello_ack') send({ type: 'input_text', content: 'Good morning! It is nine.' })
  if (message.type === 'turn_complete') {
    console.log(message.played_text)
    send({ type: 'control', op: 'end_session' })
  }
})
socket.on('close', () => writeFileSync('answer.raw', Buffer.concat(sound)))
