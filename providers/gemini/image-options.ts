import type { MessageRequest } from '../../api/schemas.gen.ts'
import type { GeminiDialect } from './dialect.ts'
import type { ImageConfig } from './wire.ts'

type ImageOptions = NonNullable<NonNullable<MessageRequest['output']>['image']>

/** What is asked of a generated image in Gemini's words, and which of the options cannot be said, each with what to do instead. */
export function imageConfigOf(
  { size, quality, format }: ImageOptions,
  { name, imageFormats }: GeminiDialect,
): { readonly config: ImageConfig; readonly problems: Readonly<Partial<Record<keyof ImageOptions, string>>> } {
  const sized = size === undefined ? {} : sizeOf(size)
  const mimeType = format === undefined ? undefined : mimeTypes.get(format.toLowerCase())
  return {
    config: {
      ...sized,
      ...(imageFormats && mimeType !== undefined && { imageOutputOptions: { mimeType } }),
    },
    problems: {
      ...(!sized && { size: 'an aspect ratio (16:9), a size in pixels of that ratio, or one of 1K, 2K and 4K is expected' }),
      ...(quality !== undefined && { quality: `${name} has no quality to choose; ask for a size of 2K or 4K instead` }),
      ...(format !== undefined && !imageFormats && { format: `${name} chooses the format of an image itself` }),
      ...(format !== undefined && imageFormats && mimeType === undefined && { format: 'png or jpeg is expected' }),
    },
  }
}

function sizeOf(size: string): ImageConfig | undefined {
  if (/^(?:512|[124]k)$/i.test(size)) return { imageSize: size.toUpperCase() }
  const [, width, , height] = /^(\d{1,5})(:|x)(\d{1,5})$/i.exec(size) ?? []
  if (width === undefined || height === undefined) return undefined
  const ratio = Number(width) / Number(height)
  const aspectRatio = aspectRatios.find((one) => {
    const [across = 1, down = 1] = one.split(':').map(Number)
    // Sizes in pixels are rounded: 1344x768 is meant to be 16:9.
    return Math.abs(across / down / ratio - 1) < (size.includes(':') ? 1e-9 : 0.02)
  })
  return aspectRatio === undefined ? undefined : { aspectRatio }
}

const aspectRatios = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9']

const mimeTypes: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
])
