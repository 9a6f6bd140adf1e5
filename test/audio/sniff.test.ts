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
    { kind: 'mp3', seconds: (5 * 1152) / 44_100 },
  ],
  [
    'MP3 that states its frames in the other way',
    Buffer.concat([stating('VBRI', 36, 1, 50), times(5, mp3Frame), Buffer.alloc(20, 7)]),
    { kind: 'mp3', seconds: (5 * 1152) / 44_100 },
  ],
  [
    'MP3 that is torn, and goes on',
    Buffer.concat([times(5, mp3Frame), Buffer.alloc(20, 7), times(5, mp3Frame)]),
    { kind: 'mp3', seconds: (10 * 1152) / 44_100 },
  ],
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

/** One frame of 65,536 samples at 48 kHz. */
const flacFrame = Buffer.from('fff87a0800ffffe3', 'hex')

/** Whatever a file says of its length, what is in it counts. */
const liars: ReadonlyArray<readonly [string, Buffer, number]> = [
  ['an Ogg of a second before one of five hours', Buffer.concat([opus(1, 0, 7), opus(18_000, 0, 8)]), 18_001],
  ['the same, of one number', Buffer.concat([opus(1, 0, 7), opus(18_000, 0, 7)]), 18_001],
  ['an Ogg of five hours before one of a second', Buffer.concat([opus(18_000, 0, 7), opus(1, 0, 8)]), 18_001],
  ['an Ogg behind what is none', Buffer.concat([opus(1, 0, 7), Buffer.alloc(999, 0x4f), opus(5, 0, 8)]), 6],
  ['packets of Opus behind a position of one second', opus(1, 100, 7), 0.06 * 100],
  ['MP3 behind silence', Buffer.concat([times(5, mp3Frame), Buffer.alloc(40), times(50, mp3Frame)]), (55 * 1152) / 44_100],
  ['FLAC of more than it states', Buffer.concat([flac(48_000, 48_000), times(100, flacFrame)]), (100 * 65_536) / 48_000],
  ['FLAC that states nothing', Buffer.concat([flac(48_000, 0), times(100, flacFrame)]), (100 * 65_536) / 48_000],
  [
    'FLAC in an Ogg without a position',
    Buffer.concat([
      page(0n, 7, Buffer.concat([Buffer.from('\x7fFLAC\x01\0\0\x01', 'latin1'), flac(16_000, 0)])),
      ...Array.from({ length: 10 }, () => page(-1n, 7, flacFrame)),
    ]),
    (10 * 65_536) / 48_000,
  ],
  [
    'Speex without a position',
    Buffer.concat([page(0n, 7, speexHead()), ...Array.from({ length: 50 }, () => page(-1n, 7, Buffer.alloc(9)))]),
    1,
  ],
  ['blocks of WebM that all come at once', Buffer.concat([ebml, tracks, cluster(0, Array<number>(100).fill(0))]), 2],
  ['WebM behind what is broken', Buffer.concat([ebml, tracks, cluster(0, [0]), Buffer.alloc(9), cluster(20_000, [0])]), 20],
  ['MP4 whose track lasts longer', Buffer.concat([ftyp, film(1000, box('stts', words(0, 1, 500, 1024)))]), 500 * 1.024],
  [
    'MP4 in fragments of equal samples',
    Buffer.concat([ftyp, film(0), fragment(words(0x8, 1, 1024), words(0, 300)), fragment(words(0, 1), words(0, 100))]),
    300 * 1.024 + 100 * 0.5,
  ],
  [
    'MP4 in fragments of samples that differ',
    Buffer.concat([ftyp, film(0), fragment(words(0, 1), words(0x301, 2, 99, 7000, 1, 8000, 1))]),
    15,
  ],
  ['AIFF that states too little', Buffer.concat([aiff, ssnd(44_100 * 2 * 60)]), 60],
]

/** Frames of 20 ms at 8 kHz. */
function speexHead(): Buffer {
  const bytes = Buffer.alloc(80)
  bytes.write('Speex   ')
  for (const [at, value] of [
    [36, 8000],
    [56, 160],
    [64, 1],
  ] as const)
    bytes.writeUInt32LE(value, at)
  return bytes
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}

/** A track of 1000 units a second, whose samples in fragments last 500 of them where these say nothing. */
function film(duration: number, table: Buffer = Buffer.alloc(0)): Buffer {
  const track = Buffer.concat([
    box('tkhd', words(0, 0, 0, 1)),
    box('mdia', Buffer.concat([box('mdhd', words(0, 0, 0, 1000, 0)), box('minf', box('stbl', table))])),
  ])
  const facts = [box('mvhd', words(0, 0, 0, 1000, duration)), box('trak', track), box('mvex', box('trex', words(0, 1, 1, 500)))]
  return box('moov', Buffer.concat(facts))
}

function fragment(head: Buffer, run: Buffer): Buffer {
  return box('moof', box('traf', Buffer.concat([box('tfhd', head), box('trun', run)])))
}

function ssnd(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('SSND'), words(bytes + 8, 0, 0), Buffer.alloc(bytes)])
}

/** A stream that lasts as its last page says, and packets of 60 ms. */
function opus(seconds: number, packets: number, stream: number): Buffer {
  const end = page(BigInt(seconds * 48_000), stream, Buffer.from([0x18, 0, 0]))
  const more = Array.from({ length: Math.max(0, packets - 1) }, () => page(-1n, stream, Buffer.from([0x18, 0, 0])))
  return Buffer.concat([page(0n, stream, opusHead(0)), ...more, end])
}

describe('sniffAudio', () => {
  it.each(files)('knows %s', (_, bytes, expected) => {
    expect(sniffAudio(bytes)).toMatchObject(expected)
  })

  it.each(liars)('counts %s', (_, bytes, seconds) => {
    expect(sniffAudio(bytes)?.seconds).toBeCloseTo(seconds, 1)
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
    const anyFile = fc.constantFrom(...[...files, ...liars].map(([, bytes]) => bytes).filter(({ length }) => length < 10_000))
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
