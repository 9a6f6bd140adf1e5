// What the scenarios need to make sound and to look at it.

/** A node to play through that writes down what passes. */
export async function tapOf(context) {
  await context.audioWorklet.addModule('/tap.js')
  const node = new AudioWorkletNode(context, 'tap', { outputChannelCount: [1] })
  node.connect(context.destination)
  return {
    node,
    note: (name) => node.port.postMessage(name),
    take: () =>
      new Promise((resolve) => {
        node.port.onmessage = ({ data }) => resolve(data)
        node.port.postMessage('take')
      }),
  }
}

export function firstSound(samples) {
  return samples.findIndex((sample) => sample !== 0)
}

export function lastSound(samples) {
  return samples.findLastIndex((sample) => sample !== 0)
}

/** The greatest difference between samples that follow each other. */
export function greatestStep(samples) {
  let most = 0
  for (let at = 1; at < samples.length; at++) most = Math.max(most, Math.abs(samples[at] - samples[at - 1]))
  return most
}

export function level(samples) {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
}

/** 16-bit PCM of the same value throughout. */
export function steady(value, samples) {
  return new Uint8Array(new Int16Array(samples).fill(value * 32768).buffer)
}

export function samplesOf(pieces) {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return Float32Array.from(new Int16Array(bytes.buffer, 0, bytes.length >> 1), (sample) => sample / 32768)
}

/** How far what was played is what was sent, sample by sample, from the first sound of both on; and how many samples sound behind that. */
export function compared(played, sent) {
  const [from, begin] = [firstSound(played), firstSound(sent)]
  let same = 0
  while (begin + same < sent.length && played[from + same] === sent[begin + same]) same++
  const rest = played.subarray(from + same)
  return { same: same + begin, behind: lastSound(rest) + 1 }
}

/** Resolves with the first of what is told that fits. */
export function firstOf(listen, fits = () => true) {
  return new Promise((resolve) => {
    listen((each) => {
      if (fits(each)) resolve(each)
    })
  })
}
