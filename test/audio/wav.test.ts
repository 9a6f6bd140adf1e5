import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulawToPcm } from '../../audio/g711.ts'
import { bytesIn, samplesIn } from '../../audio/pcm.ts'
import { isWav, parseWav, pcmOfWav, WavError, wavHeader, wavOf } from '../../audio/wav.ts'
import { chunk, fmt, riff } from './wav-file.ts'

const pcm = bytesIn(Int16Array.of(1, -2, 300, -32_768))

describe('writing', () => {
  it('writes what it reads', () => {
    fc.assert(
      fc.property(
        fc.int16Array({ maxLength: 50 }),
        fc.constantFrom(8000, 16_000, 22_050, 24_000, 44_100, 48_000),
        (samples, rate) => {
          const wav = parseWav(wavOf(bytesIn(samples), rate))
          expect(wav).toMatchObject({ format: 's16le', channels: 1, rate, frames: samples.length })
          expect([...samplesIn(pcmOfWav(wav))]).toEqual([...samples])
        },
      ),
    )
  })

  it('writes the header byte for byte', () => {
    expect(Buffer.from(wavHeader(24_000, 8)).toString('latin1')).toBe(
      'RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\xc0\x5d\0\0\x80\xbb\0\0\x02\0\x10\0data\x08\0\0\0',
    )
  })

  it('leaves the length of a stream open, and one that 32 bits cannot say', () => {
    for (const header of [wavHeader(8000), wavHeader(8000, 2 ** 33)]) {
      expect(Buffer.from(header).readUInt32LE(4)).toBe(0xffffffff)
      expect(Buffer.from(header).readUInt32LE(40)).toBe(0xffffffff)
    }
    expect(parseWav(Buffer.concat([wavHeader(8000), pcm])).data).toEqual(Buffer.from(pcm))
  })
})

describe('reading', () => {
  it('skips other chunks, pads odd ones, and takes any order', () => {
    const file = riff(
      chunk('LIST', Buffer.from('abc')),
      chunk('data', pcm),
      chunk('bext', Buffer.alloc(7)),
      fmt({ rate: 16_000 }),
    )
    expect(parseWav(file)).toMatchObject({ rate: 16_000, frames: 4, data: Buffer.from(pcm) })
  })

  it('shares the file’s bytes', () => {
    const file = riff(fmt({}), chunk('data', pcm))
    expect(parseWav(file).data.buffer).toBe(file.buffer)
  })

  it('reads the extensible form of every kind', () => {
    for (const [tag, bits, format] of [
      [1, 8, 'u8'],
      [1, 24, 's24le'],
      [1, 32, 's32le'],
      [3, 32, 'f32le'],
      [3, 64, 'f64le'],
      [6, 8, 'alaw'],
      [7, 8, 'mulaw'],
    ] as const) {
      for (const extensible of [false, true]) {
        const file = riff(fmt({ tag, bits, extensible, channels: 2 }), chunk('data', Buffer.alloc(96)))
        expect(parseWav(file)).toMatchObject({ format, channels: 2, frames: (96 * 8) / bits / 2 })
      }
    }
  })

  it('reads 20 bits as the 24 they stand in', () => {
    expect(parseWav(riff(fmt({ bits: 20, frameBytes: 3 }), chunk('data', Buffer.alloc(9))))).toMatchObject({
      format: 's24le',
      frames: 3,
    })
  })

  it('hears telephones, and both ears as one', () => {
    const codes = Uint8Array.of(0x00, 0x80, 0xff, 0x12)
    const one = parseWav(riff(fmt({ tag: 7, bits: 8, rate: 8000 }), chunk('data', codes)))
    expect(pcmOfWav(one)).toEqual(mulawToPcm(codes))
    const two = parseWav(riff(fmt({ channels: 2 }), chunk('data', bytesIn(Int16Array.of(10, 20, -6, -2)))))
    expect([...samplesIn(pcmOfWav(two))]).toEqual([15, -4])
  })

  it.each([
    ['more than is there', 4000, 8],
    ['all ones', 0xffffffff, 8],
    ['less than is there', 4, 4],
  ])('believes a size no further than it can: %s', (_, claimed, expected) => {
    const file = riff(fmt({}), chunk('data', pcm))
    file.writeUInt32LE(claimed, 40)
    expect(parseWav(file).data.length).toBe(expected)
  })

  it('takes a length of nothing as open only where the file’s is open too', () => {
    const file = riff(fmt({}), chunk('data', pcm))
    file.writeUInt32LE(0, 40)
    expect(parseWav(file).frames).toBe(0)
    file.writeUInt32LE(0, 4)
    expect(parseWav(file).frames).toBe(4)
  })

  it('leaves a cut frame out', () => {
    expect(parseWav(riff(fmt({ channels: 2 }), chunk('data', pcm)).subarray(0, -1)).frames).toBe(1)
  })
})

describe('refusing', () => {
  it.each([
    [Buffer.from('ID3'), 'it does not begin as a WAV file does'],
    [riff(), 'it has no "fmt " chunk'],
    [riff(fmt({})), 'it has no "data" chunk'],
    [riff(chunk('fmt ', Buffer.alloc(4)), chunk('data', pcm)), 'its "fmt " chunk is too short'],
    [riff(fmt({ tag: 0x55 }), chunk('data', pcm)), 'it holds format 0x0055 of 16 bits, which is not read'],
    [riff(fmt({ tag: 3, bits: 16 }), chunk('data', pcm)), 'it holds format 0x0003 of 16 bits, which is not read'],
    [riff(fmt({ channels: 0 }), chunk('data', pcm)), 'it claims 0 channels; 1 to 32 can be read'],
    [riff(fmt({ rate: 7 }), chunk('data', pcm)), 'it claims 7 samples a second; 1000 to 768000 can be read'],
    [riff(fmt({ frameBytes: 3 }), chunk('data', pcm)), 'its frames of 3 bytes do not fit 1 channels of 16 bits'],
    [riff(fmt({ tag: 0xfffe }), chunk('data', pcm)), 'its extensible "fmt " chunk is too short'],
    [riff(...Array.from({ length: 2000 }, () => chunk('junk', Buffer.alloc(0)))), 'it has more than 1000 chunks'],
  ])('says why: %#', (file, message) => {
    expect(() => parseWav(file)).toThrow(new WavError(message))
  })

  it('throws nothing else, whatever the bytes', () => {
    const whole = riff(fmt({ extensible: true }), chunk('LIST', Buffer.from('abc')), chunk('data', pcm))
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat(whole.length), (changes, end) => {
        const file = Buffer.from(whole)
        for (const [at, byte] of changes) file[at] = byte
        try {
          pcmOfWav(parseWav(file.subarray(0, end)))
        } catch (error) {
          expect(error).toBeInstanceOf(WavError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('knows a WAV by its first twelve bytes', () => {
    expect([riff(), riff().subarray(0, 11), Buffer.from('RIFFxxxxAVI ')].map(isWav)).toEqual([true, false, false])
  })
})
