/** What packages without types of their own give, as far as it is used here. */

declare module 'html-encoding-sniffer' {
  /** The name of the encoding that HTML is written in, as the standard finds it: byte order mark, header, `<meta>`, default. */
  export default function sniffHtmlEncoding(
    bytes: Uint8Array,
    options?: { readonly transportLayerEncodingLabel?: string; readonly defaultEncoding?: string },
  ): string
}

declare module '@joplin/turndown-plugin-gfm' {
  import type { Plugin } from 'turndown'

  export const highlightedCodeBlock: Plugin
  export const strikethrough: Plugin
}
