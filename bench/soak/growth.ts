import type { Sample } from './sample.ts'

/** How much of something there may be more at the end of the second half than at its beginning. */
interface Bound {
  readonly name: string
  readonly of: (sample: Sample) => number
  /** Whichever is larger: so many bytes or pieces, or this share of the median. */
  readonly least: number
  readonly share: number
}

const megabyte = 1024 * 1024

export const bounds: readonly Bound[] = [
  { name: 'heap', of: ({ heap }) => heap, least: megabyte, share: 0.03 },
  { name: 'external', of: ({ external }) => external, least: 2 * megabyte, share: 0.1 },
  { name: 'RSS', of: ({ rss }) => rss, least: 12 * megabyte, share: 0.08 },
  { name: 'handles', of: ({ handles }) => handles, least: 12, share: 0.15 },
  { name: 'files', of: ({ files }) => files, least: 12, share: 0.15 },
  { name: 'sockets', of: ({ sockets }) => sockets, least: 12, share: 0.15 },
]

export interface Growth {
  readonly name: string
  /** From the beginning to the end of the second half, by the slope. */
  readonly by: number
  readonly allowed: number
  readonly grows: boolean
}

/** What grows over the second half, by the median of the slopes between any two samples: single peaks do not bend it. */
export function growthOf(samples: readonly { readonly at: number; readonly sample: Sample }[]): Growth[] {
  const half = samples.slice(Math.floor(samples.length / 2))
  const span = (half.at(-1)?.at ?? 0) - (half[0]?.at ?? 0)
  return bounds.map(({ name, of, least, share }) => {
    const points = half.map(({ at, sample }) => ({ at, value: of(sample) }))
    const by = slope(points) * span
    const allowed = Math.max(least, share * median(points.map(({ value }) => value)))
    return { name, by, allowed, grows: by > allowed }
  })
}

interface Point {
  readonly at: number
  readonly value: number
}

function slope(points: readonly Point[]): number {
  const slopes = points.flatMap((a, index) => points.slice(index + 1).map((b) => (b.value - a.value) / (b.at - a.at)))
  return median(slopes)
}

/** 0 where there is nothing. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
