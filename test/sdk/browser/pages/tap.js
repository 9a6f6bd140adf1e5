// Writes down all that passes it, on the audio thread, and when it was told of something. By the context's clock, as a busy browser leaves quanta out.
class Tap extends AudioWorkletProcessor {
  #begin = currentFrame
  #pieces = []
  #notes = []

  constructor() {
    super()
    this.port.onmessage = ({ data }) => {
      if (data === 'take') this.port.postMessage({ samples: this.#whole(), notes: this.#notes })
      else this.#notes.push({ name: data, at: currentFrame - this.#begin })
    }
  }

  process([[input]], [[output]]) {
    if (input) output.set(input)
    this.#pieces.push({ at: currentFrame - this.#begin, samples: Float32Array.from(output) })
    return true
  }

  #whole() {
    const last = this.#pieces.at(-1)
    const whole = new Float32Array(last ? last.at + last.samples.length : 0)
    for (const { at, samples } of this.#pieces) whole.set(samples, at)
    return whole
  }
}

registerProcessor('tap', Tap)
