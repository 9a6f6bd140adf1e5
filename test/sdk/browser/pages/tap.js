// Writes down all that passes it, on the audio thread, and when it was told of something.
class Tap extends AudioWorkletProcessor {
  #samples = []
  #notes = []
  #begin = currentFrame

  constructor() {
    super()
    this.port.onmessage = ({ data }) => {
      if (data === 'take') this.port.postMessage({ samples: this.#whole(), notes: this.#notes })
      else this.#notes.push({ name: data, at: currentFrame - this.#begin })
    }
  }

  process([[input]], [[output]]) {
    if (this.#samples.length === 0) this.#begin = currentFrame
    if (input) output.set(input)
    this.#samples.push(Float32Array.from(output))
    return true
  }

  #whole() {
    const whole = new Float32Array(this.#samples.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const samples of this.#samples) {
      whole.set(samples, at)
      at += samples.length
    }
    return whole
  }
}

registerProcessor('tap', Tap)
