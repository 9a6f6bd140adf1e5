/** A PDF with a page for each content stream; `pack` says how the streams are packed, by what filter. */
export function pdfOf(contents: readonly Uint8Array[], { filter = '', title = 'A small PDF' } = {}): Buffer {
  const pageNumbers = contents.map((_, index) => 4 + index * 2)
  const objects: (string | Uint8Array)[][] = [
    ['<< /Type /Catalog /Pages 2 0 R >>'],
    [`<< /Type /Pages /Count ${contents.length} /Kids [${pageNumbers.map((number) => `${number} 0 R`).join(' ')}] >>`],
    ['<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'],
    ...contents.flatMap((bytes, index) => [
      [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + index * 2} 0 R >>`,
      ],
      [`<< /Length ${bytes.length}${filter && ` /Filter ${filter}`} >>\nstream\n`, bytes, '\nendstream'],
    ]),
    [`<< /Title (${title}) >>`],
  ]
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n')]
  const offsets: number[] = []
  let length = parts[0]?.length ?? 0
  const write = (piece: string | Uint8Array): void => {
    const bytes = Buffer.from(piece)
    parts.push(bytes)
    length += bytes.length
  }
  for (const [index, object] of objects.entries()) {
    offsets.push(length)
    write(`${index + 1} 0 obj\n`)
    for (const piece of object) write(piece)
    write('\nendobj\n')
  }
  const start = length
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  write(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}`)
  write(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${start}\n%%EOF\n`)
  return Buffer.concat(parts)
}

/** What draws one line of text. */
export function lineOf(text: string): Buffer {
  return Buffer.from(`BT /F1 12 Tf 20 250 Td (${text}) Tj ET`)
}
