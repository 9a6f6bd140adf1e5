import { spells, u32be } from '../audio/bytes.ts'
import { frameAt } from '../audio/mpeg.ts'
import { afterId3 } from '../audio/sniff.ts'

/** What sound is by its first bytes, for who hears it come and cannot wait for the whole. */

/** As much as tells all of these; two frames of MP3 are no longer. */
export const soundHeadBytes = 3072

/** The names of what begins with a mark of its own, which raw sound does not have by chance. Sixteen bytes are enough. */
export function markedSound(head: Uint8Array): string | undefined {
  // A header would be heard as a click, all else as noise.
  if (spells(head, 0, 'RIFF')) return 'WAV'
  if (spells(head, 0, 'OggS')) return 'Ogg'
  if (spells(head, 0, 'fLaC')) return 'FLAC'
  if (u32be(head, 0) === 0x1a45dfa3) return 'WebM'
  if (spells(head, 4, 'ftyp')) return 'MP4'
  return isTag(head) ? 'MP3' : undefined
}

/** How many frames of MP3 follow one another from the beginning, or from behind its tags; and whether nothing else follows them. */
export function mp3Frames(head: Uint8Array): { readonly count: number; readonly isAll: boolean } {
  const start = isTag(head) ? afterId3(head) : 0
  // What stands behind a long tag is not seen.
  if (start > 0 && start + 4 > head.length) return { count: 1, isAll: true }
  const first = frameAt(head, start)
  let [count, at] = [0, start]
  while (first && at + 4 <= head.length) {
    const frame = frameAt(head, at)
    const isAlike = frame?.kind === 'mp3' && frame.rate === first.rate && head[at + 1] === head[start + 1]
    if (!frame || !isAlike) return { count, isAll: false }
    count++
    at += frame.size
  }
  return { count, isAll: count > 0 }
}

export function isOggOpus(head: Uint8Array): boolean {
  return spells(head, 0, 'OggS') && spells(head, 27 + (head[26] ?? 0), 'OpusHead')
}

/** What a media type names that is compressed; undefined for raw sound, WAV, and what says nothing. */
export function compressedSound(mediaType: string): string | undefined {
  const [, name = ''] = /^(?:audio|video|application)\/(?:x-)?(.+)$/.exec(mediaType) ?? []
  return Object.hasOwn(compressed, name) ? compressed[name] : undefined
}

const compressed: Readonly<Record<string, string>> = {
  mpeg: 'MP3',
  mp3: 'MP3',
  mpeg3: 'MP3',
  ogg: 'Ogg',
  opus: 'Opus',
  flac: 'FLAC',
  webm: 'WebM',
  mp4: 'MP4',
  m4a: 'MP4',
  aac: 'AAC',
}

/** Version and length keep rules that sound keeps by chance only once in a very long time. */
function isTag(head: Uint8Array): boolean {
  const version = head[3] ?? 0
  return spells(head, 0, 'ID3') && version >= 2 && version <= 4 && (u32be(head, 6) & 0x80808080) === 0
}
