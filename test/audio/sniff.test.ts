import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sniffAudio } from '../../audio/sniff.ts'
import { wavOf } from '../../audio/wav.ts'
import { chunk, fmt, riff } from './wav-file.ts'

const mp3Frame = frame('fffb9000', 417)
const mp3Mono = frame('fff384c4', 192)
const adts = frame('fff15080020000', 16)

function frame(header: string, size: number): Buffer {
  const bytes = Buffer.alloc(size, 0x55)
  Buffer.from(header, 'hex').copy(bytes)
  return bytes
}

function times(count: number, bytes: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes))
}

/** The frame before the others that says how many they are: its tag, where that stands, and the number where that does. */
function stating(tag: string, at: number, count: number, countAt: number): Buffer {
  const bytes = Buffer.from(mp3Frame)
  bytes.fill(0, 4)
  bytes.write(tag, at)
  bytes[at + 7] = 1
  bytes.writeUInt32BE(count, countAt)
  return bytes
}

function id3(size: number): Buffer {
  return Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, size >> 7, size & 127]), Buffer.alloc(size)])
}

function flac(rate: number, samples: number): Buffer {
  const bytes = Buffer.alloc(42)
  bytes.write('fLaC')
  bytes.writeUIntBE(34, 5, 3)
  bytes.writeUInt32BE(((rate << 12) | (15 << 4)) >>> 0, 18)
  bytes.writeUInt32BE(samples, 22)
  return bytes
}

function page(position: bigint, stream: number, packet: Buffer): Buffer {
  const head = Buffer.alloc(28)
  head.write('OggS')
  head.writeBigInt64LE(position, 6)
  head.writeUInt32LE(stream, 14)
  head[26] = 1
  head[27] = packet.length
  return Buffer.concat([head, packet])
}

function opusHead(skipped: number): Buffer {
  const bytes = Buffer.alloc(19)
  bytes.write('OpusHead')
  bytes.writeUInt16LE(skipped, 10)
  return bytes
}

function vorbisHead(rate: number): Buffer {
  const bytes = Buffer.alloc(30)
  bytes.write('\x01vorbis', 'latin1')
  bytes.writeUInt32LE(rate, 12)
  return bytes
}

/** One element of WebM; its length in eight bytes, as browsers write it, or left open. */
function element(id: string, content: Buffer, isOpen = false): Buffer {
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(isOpen ? 0x01ff_ffff_ffff_ffffn : 0x0100_0000_0000_0000n + BigInt(content.length))
  return Buffer.concat([Buffer.from(id, 'hex'), size, content])
}

const ebml = element('1a45dfa3', element('4282', Buffer.from('webm')))
const tracks = element('1654ae6b', element('ae', element('86', Buffer.from('A_OPUS'))))

function cluster(time: number, blocks: readonly number[]): Buffer {
  const parts = blocks.map((at) => element('a3', Buffer.from([0x81, at >> 8, at & 255, 0x80, 1, 2, 3])))
  return element('1f43b675', Buffer.concat([element('e7', Buffer.from([time >> 8, time & 255])), ...parts]), true)
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

function box(tag: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + content.length)
  head.write(tag, 4)
  return Buffer.concat([head, content])
}

function mvhd(scale: number, duration: number, isWide: boolean): Buffer {
  const bytes = Buffer.alloc(isWide ? 40 : 28)
  bytes[0] = isWide ? 1 : 0
  bytes.writeUInt32BE(scale, isWide ? 20 : 12)
  if (isWide) bytes.writeBigUInt64BE(BigInt(duration), 24)
  else bytes.writeUInt32BE(duration, 16)
  return box('moov', Buffer.concat([box('free', Buffer.alloc(5)), box('mvhd', bytes)]))
}

const aiff = Buffer.concat([
  Buffer.from('FORM\0\0\0\0AIFFNAME\0\0\0\x03abc\0COMM\0\0\0\x12\0\x01', 'latin1'),
  // 88,200 frames of 16 bits at 44,100 Hz.
  Buffer.from('00015888' + '0010' + '400eac44000000000000', 'hex'),
])

const ftyp = box('ftyp', Buffer.from('M4A \0\0\0\0', 'latin1'))
const opening = element('1549a966', element('2ad7b1', Buffer.from([0x0f, 0x42, 0x40])))

const files: ReadonlyArray<readonly [string, Buffer, object]> = [
  ['WAV', Buffer.from(wavOf(new Uint8Array(16_000), 8000)), { kind: 'wav', codec: 's16le', seconds: 1 }],
  ['WAV of a format not read', riff(fmt({ tag: 0x55 }), chunk('data', Buffer.alloc(4))), { kind: 'wav', seconds: undefined }],
  ['MP3', times(100, mp3Frame), { kind: 'mp3', seconds: (100 * 1152) / 44_100 }],
  ['MP3 of a lower rate', times(10, mp3Mono), { kind: 'mp3', seconds: (10 * 576) / 24_000 }],
  ['MP3 after tags', Buffer.concat([id3(300), id3(5), times(3, mp3Frame)]), { kind: 'mp3', seconds: (3 * 1152) / 44_100 }],
  ['MP3 before a tag', Buffer.concat([times(3, mp3Frame), Buffer.from('TAGabc')]), { kind: 'mp3', seconds: (3 * 1152) / 44_100 }],
  [
    'MP3 that states too much',
    Buffer.concat([stating('Xing', 36, 9000, 44), times(5, mp3Frame)]),
    { kind: 'mp3', seconds: (5 * 1152) / 44_100 },
  ],
  [
    'MP3 that states its frames, and is torn',
    Buffer.concat([stating('Info', 36, 50, 44), times(5, mp3Frame), Buffer.alloc(20, 7)]),
    { kind: 'mp3', seconds: (50 * 1152) / 44_100 },
  ],
  [
    'MP3 that states its frames in the other way',
    Buffer.concat([stating('VBRI', 36, 50, 50), times(5, mp3Frame), Buffer.alloc(20, 7)]),
    { kind: 'mp3', seconds: (50 * 1152) / 44_100 },
  ],
  ['MP3 that is torn', Buffer.concat([times(5, mp3Frame), Buffer.alloc(20, 7)]), { kind: 'mp3', seconds: undefined }],
  ['AAC', times(30, adts), { kind: 'aac', seconds: (30 * 1024) / 44_100 }],
  ['FLAC', flac(48_000, 96_000), { kind: 'flac', seconds: 2 }],
  ['FLAC after a tag', Buffer.concat([id3(20), flac(44_100, 44_100)]), { kind: 'flac', seconds: 1 }],
  ['FLAC of a length not known', flac(48_000, 0), { kind: 'flac', seconds: undefined }],
  [
    'Opus',
    Buffer.concat([
      page(0n, 7, opusHead(312)),
      page(48_312n, 7, Buffer.alloc(9)),
      page(-1n, 7, Buffer.alloc(3)),
      page(9n, 8, Buffer.alloc(1)),
    ]),
    { kind: 'ogg', codec: 'opus', seconds: 1 },
  ],
  [
    'Vorbis',
    Buffer.concat([page(0n, 7, vorbisHead(22_050)), page(11_025n, 7, Buffer.alloc(9))]),
    { kind: 'ogg', codec: 'vorbis', seconds: 0.5 },
  ],
  [
    'FLAC in Ogg',
    Buffer.concat([
      page(0n, 7, Buffer.concat([Buffer.from('\x7fFLAC\x01\0\0\x01', 'latin1'), flac(16_000, 0)])),
      page(8000n, 7, Buffer.alloc(1)),
    ]),
    { kind: 'ogg', codec: 'flac', seconds: 0.5 },
  ],
  ['an Ogg of something else', page(5n, 7, Buffer.from('\x80theora')), { kind: 'ogg', codec: undefined, seconds: undefined }],
  [
    'WebM that states its length',
    Buffer.concat([ebml, element('18538067', Buffer.concat([element('1549a966', element('4489', double(2500))), tracks]))]),
    { kind: 'webm', codec: 'opus', seconds: 2.5 },
  ],
  [
    'WebM as a browser records it',
    Buffer.concat([
      ebml,
      element('18538067', Buffer.concat([opening, tracks, cluster(0, [0, 60]), cluster(1000, [0, 500])]), true),
    ]),
    { kind: 'webm', codec: 'opus', seconds: 1.5 },
  ],
  ['MP4', Buffer.concat([ftyp, mvhd(1000, 1500, false)]), { kind: 'mp4', seconds: 1.5 }],
  [
    'MP4 with long numbers',
    Buffer.concat([ftyp, box('mdat', Buffer.alloc(33)), mvhd(44_100, 88_200, true)]),
    { kind: 'mp4', seconds: 2 },
  ],
  ['MP4 in fragments', Buffer.concat([ftyp, mvhd(1000, 0, false)]), { kind: 'mp4', seconds: undefined }],
  ['AIFF', aiff, { kind: 'aiff', seconds: 2 }],
  ['AMR', Buffer.concat([Buffer.from('#!AMR\n'), times(50, frame('3c', 32))]), { kind: 'amr', codec: 'amr-nb', seconds: 1 }],
  [
    'AMR-WB',
    Buffer.concat([Buffer.from('#!AMR-WB\n'), times(5, frame('44', 61))]),
    { kind: 'amr', codec: 'amr-wb', seconds: 0.1 },
  ],
]

describe('sniffAudio', () => {
  it.each(files)('knows %s', (_, bytes, expected) => {
    expect(sniffAudio(bytes)).toMatchObject(expected)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['silence', Buffer.alloc(1000)],
    ['quiet µ-law', Buffer.alloc(1000, 0xff)],
    ['text', Buffer.from('RIFF is not what this is')],
    ['UTF-16', Buffer.from('\ufeffhello, how are you', 'utf16le')],
    ['a picture', Buffer.from('RIFF\x10\0\0\0WEBPVP8 ', 'latin1')],
    ['one frame that nothing follows', mp3Frame.subarray(0, 300)],
    ['a tag without sound', id3(100)],
  ])('takes %s for none', (_, bytes) => {
    expect(sniffAudio(bytes)).toBeUndefined()
  })

  it('throws nothing and gives no length that is none, whatever the bytes', () => {
    const anyFile = fc.constantFrom(...files.map(([, bytes]) => bytes))
    const anyChange = fc.tuple(fc.nat(), fc.nat(255))
    fc.assert(
      fc.property(anyFile, fc.array(anyChange, { maxLength: 8 }), fc.nat(), (bytes, changes, end) => {
        const file = Buffer.from(bytes)
        for (const [at, byte] of changes) file[at % file.length] = byte
        const seconds = sniffAudio(file.subarray(0, end % (file.length + 1)))?.seconds ?? 1
        expect(seconds).toBeGreaterThan(0)
        expect(seconds).toBeLessThan(Number.POSITIVE_INFINITY)
      }),
      { numRuns: 3000 },
    )
  })
})
