// Writes down all that passes it, on the audio thread, and behind how many frames it was told of something. What a busy browser leaves out
// of its clock was nobody's to play, and takes no place.
class Tap extends AudioWorkletProcessor {
  #pieces = []
  #frames = 0
  #notes = []

  constructor() {
    super()
    this.port.onmessage = ({ data }) => {
      if (data === 'take') this.port.postMessage({ samples: this.#whole(), notes: this.#notes })
      else this.#notes.push({ name: data, at: this.#frames })
    }
  }

  process([[input]], [[output]]) {
    if (input) output.set(input)
    this.#pieces.push(Float32Array.from(output))
    this.#frames += output.length
    return true
  }

  #whole() {
    const whole = new Float32Array(this.#frames)
    let at = 0
    for (const piece of this.#pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }
}

registerProcessor('tap', Tap)
