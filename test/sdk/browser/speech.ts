/**
 * What sounds like somebody who murmurs, as browsers take it for speech and not for noise: a voice of many harmonics whose pitch wavers, in
 * syllables of a quarter of a second. Half a second of silence, 1.5 s of that, and silence.
 */
export function murmurWav(): Buffer {
  const samples = new Int16Array(rate * 6)
  let phase = 0
  for (let at = 0; at < 1.5 * rate; at++) {
    const seconds = at / rate
    phase += (2 * Math.PI * (130 + 25 * Math.sin(2 * Math.PI * 2.3 * seconds))) / rate
    let sum = 0
    for (let harmonic = 1; harmonic <= 20; harmonic++) sum += Math.sin(harmonic * phase) / harmonic
    const syllable = 0.55 - 0.45 * Math.cos(2 * Math.PI * 4 * seconds)
    samples[at + rate / 2] = 9000 * syllable * sum * Math.min(1, seconds * 20, (1.5 - seconds) * 20)
  }
  return Buffer.concat([headerOf(samples.byteLength), Buffer.from(samples.buffer)])
}

const rate = 48_000

function headerOf(length: number): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate * 2, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(length, 40)
  return header
}
