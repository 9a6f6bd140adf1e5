import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type Extraction, extract } from '../../../plugins/pages/extract.ts'
import { lineOf, pdfOf } from './pdf.ts'

/** What is made of a body; by default it is HTML in UTF-8. */
async function read(bytes: string | Uint8Array, given: Partial<Extraction> = {}) {
  const contentType = 'text/html; charset=utf-8'
  const usual = { contentType, url: 'https://site.test/dir/page?x=1', isTruncated: false, maxCharacters: 10_000 }
  return extract({ ...usual, bytes: Buffer.from(bytes), ...given })
}

async function textOf(bytes: string | Uint8Array, given: Partial<Extraction> = {}): Promise<string> {
  const read_ = await read(bytes, given)
  if ('problem' in read_) throw new Error(read_.problem)
  return read_.text
}

const sentence = 'Here is a sentence that says something, and then goes on to say some more of it. '

describe('a page of HTML', () => {
  it('becomes Markdown, with its title and with links that lead somewhere', async () => {
    const html = `<!doctype html><html><head><title> The
      title </title></head><body><h2>Head <em>ing</em></h2><p>One <strong>two</strong> <a href="../other#x">three</a> <code>four</code><br>five</p>
      <ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><ol start="3"><li>x</li><li>y</li></ol><blockquote>said</blockquote>
      <pre><code>let x = 1
  y</code></pre><p><del>gone</del></p></body></html>`
    expect(await read(html)).toEqual({
      title: 'The title',
      text: [
        '## Head *ing*',
        'One **two** [three](https://site.test/other#x) `four`  \nfive'.replace('  \n', '\n'),
        '- a\n  - b\n- c',
        '3. x\n4. y',
        '> said',
        '```\nlet x = 1\n  y\n```',
        '~~gone~~',
      ].join('\n\n'),
      characters: expect.any(Number),
      isPartial: false,
    })
  })

  it.each([
    [
      '<table><thead><tr><th>a|b</th><th>c</th></tr></thead><tbody><tr><td>1<br>2</td><td><p>3</p><p>4</p></td></tr></tbody></table>',
    ],
    ['<table><tr><td>a|b</td><td>c</td></tr><tr><td>1<br>2</td><td><p>3</p><p>4</p></td></tr></table>'],
  ])('becomes a table where it has one: %s', async (html) => {
    expect(await textOf(html)).toBe('| a\\|b | c |\n| --- | --- |\n| 1 2 | 3 4 |')
  })

  it('has no table where one only puts things beside each other', async () => {
    const inner = '<table><tr><td>a</td><td>b</td></tr></table>'
    expect(await textOf(`<table><tr><td>left</td><td>${inner}</td></tr></table>`)).toBe('left\n\n| a | b |\n| --- | --- |')
    expect(await textOf('<table role="presentation"><tr><td>left</td><td>right</td></tr></table>')).toBe('left\n\nright')
  })

  it('has no scripts, no styles, nothing hidden and no data in it', async () => {
    const html = `<script>alert("</p>")</script><style>p{}</style><p>shown</p><p hidden>a</p><p style="color:red; DISPLAY : none">b</p>
      <noscript>c</noscript><template>d</template><svg><text>e</text></svg><iframe src="/f">f</iframe><!-- g --><textarea>h</textarea>
      <p><a href="javascript:alert(1)">click</a> <a href="data:text/html,x">data</a> <a href="#top">up</a> <a href="/empty"> </a></p>
      <p>x<img src="data:image/png;base64,AAAA"><img src="/a.png"><img src="/b (1).png" alt="a [pic]ture"></p>`
    const text = await textOf(html)
    expect(text.replace(/\s+/g, ' ')).toBe('shown click data up x![a picture](https://site.test/b%20%281%29.png)')
  })

  it('is what makes up the page, not what stands around it', async () => {
    const html = `<body><nav><a href="/">Home</a> <a href="/about">About</a></nav><header>Brand</header>
      <main><article><h1>News</h1>${`<p>${sentence.repeat(4)}</p>`.repeat(5)}</article></main>
      <aside>Buy this</aside><footer>All rights reserved</footer></body>`
    const text = await textOf(html)
    expect(text).toContain(sentence.trim())
    expect(text).not.toMatch(/Home|Buy this|All rights/)
  })

  it('is the whole of it where there is no article', async () => {
    const links = Array.from({ length: 30 }, (_, index) => `<li><a href="/${index}">Link ${index}</a></li>`).join('')
    const text = await textOf(`<body><h1>Index</h1><ul>${links}</ul></body>`)
    expect(text).toContain('- [Link 0](https://site.test/0)')
    expect(text).toContain('- [Link 29](https://site.test/29)')
    expect(await textOf(`<body><nav><ul>${links}</ul></nav></body>`)).toContain('[Link 29]')
  })

  it('has links that lead where its base says', async () => {
    const html = '<head><base href="https://other.test/a/"></head><body><p><a href="b">c</a></p></body>'
    expect(await textOf(html)).toBe('[c](https://other.test/a/b)')
  })

  it.each([
    'no tags at all &amp; more',
    '<p>no tags at all &amp; more',
    '</div></p>no tags at all <b></i>&amp; more',
    '<title></title><html><p>no tags at all &amp; more',
    '<body><body><p>no tags at all &amp; more',
    '<table><p>no tags at all &amp; more',
    '<p>no tags at all &amp; more<script>',
    '<p>no tags at all &amp; more<!-- <p>never closed',
    '<html><head></head><p>no tags at all &amp; more</p></html>',
  ])('may be broken: %s', async (html) => {
    expect((await textOf(html)).replace(/[*_]/g, '')).toBe('no tags at all & more')
  })

  it.each([
    ['<div id="root"></div><script src="/app.js"></script><noscript>You need to enable JavaScript.</noscript>', 'scripts'],
    ['<html><head><script>render()</script></head><body></body></html>', 'scripts'],
    ['<html><head><title>Nothing</title></head><body> &nbsp; </body></html>', 'holds no text'],
    ['   ', 'holds no text'],
  ])('that shows nothing says so: %s', async (html, why) => {
    expect(await read(html)).toEqual({ problem: expect.stringContaining(why) })
  })

  it('is cut where a paragraph ends', async () => {
    const html = `<p>${'a'.repeat(50)}</p><p>${'b'.repeat(40)}</p><p>${'c'.repeat(50)}</p>`
    expect(await read(html, { maxCharacters: 100 })).toMatchObject({
      text: `${'a'.repeat(50)}\n\n${'b'.repeat(40)}`,
      characters: 144,
      isPartial: false,
    })
  })

  it('of which only the beginning was fetched says so', async () => {
    expect(await read('<p>words', { isTruncated: true })).toMatchObject({ text: 'words', isPartial: true })
  })
})

describe('what a page is', () => {
  it.each([
    ['text/plain', 'a  \n\n\n\nb\r\n', 'a\n\nb'],
    ['text/markdown', '# a', '# a'],
    ['application/json', '{"a": 1}', '{"a": 1}'],
    ['application/ld+json; charset=utf-8', '{"a": 1}', '{"a": 1}'],
    ['application/rss+xml', '<rss><title>x</title></rss>', '<rss><title>x</title></rss>'],
    ['text/csv', 'a,b', 'a,b'],
    [undefined, 'just text', 'just text'],
    ['text/plain', '<!DOCTYPE html><p>a <b>page</b>', 'a **page**'],
    [undefined, '\ufeff \n<html><body><p>a <b>page</b>', 'a **page**'],
    ['application/xhtml+xml', '<?xml version="1.0"?><html><body><p>a <b>page</b></p></body></html>', 'a **page**'],
    ['TEXT/HTML', '<p>a <b>page</b>', 'a **page**'],
  ])('is told by its type and by how it begins: %s %j', async (contentType, body, text) => {
    expect(await textOf(body, { contentType })).toBe(text)
  })

  it.each([
    ['image/png', '\x89PNG\r\n', 'image/png'],
    ['image/svg+xml', '<svg/>', 'image/svg+xml'],
    ['application/zip', 'PK\x03\x04', 'application/zip'],
    ['application/octet-stream', 'words', 'application/octet-stream'],
    ['video/mp4; codecs=x', 'words', 'video/mp4'],
    ['<script>', 'words', 'something of an unknown type'],
    ['text/plain', 'GIF89a\0\0', 'binary data'],
    ['text/html', '\x89PNG\r\n\x1a\n\0\0', 'binary data'],
    [undefined, '\0\0\0', 'binary data'],
  ])('may be nothing to read: %s %j', async (contentType, body, name) => {
    const read_ = await read(Buffer.from(body, 'latin1'), { contentType })
    expect(read_).toEqual({ problem: `The URL leads to ${name}, which cannot be read as text.` })
  })
})

describe('the encoding of a page', () => {
  const cyrillic = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2])
  const utf16 = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])

  it.each<[string, string | undefined, Uint8Array, string]>([
    ['the header', 'text/html; charset=windows-1251', cyrillic, 'Привет'],
    ['the header, in quotes', 'text/html; x=y; Charset="Windows-1251"', cyrillic, 'Привет'],
    ['<meta>', 'text/html', Buffer.concat([Buffer.from('<meta charset="windows-1251">'), cyrillic]), 'Привет'],
    [
      'the header against <meta>',
      'text/html; charset=windows-1251',
      Buffer.concat([Buffer.from('<meta charset="koi8-r">'), cyrillic]),
      'Привет',
    ],
    ['the byte order mark against the header', 'text/html; charset=windows-1251', utf16('<p>Привет'), 'Привет'],
    ['the byte order mark, of text', 'text/plain', utf16('Привет'), 'Привет'],
    ['nothing, and UTF-8 fits', 'text/html', Buffer.from('<p>Привет'), 'Привет'],
    [
      'nothing in the header, which says UTF-8 of what is none',
      'text/html; charset=utf-8',
      Buffer.from('caf\xe9', 'latin1'),
      'café',
    ],
    [
      '<meta> against such a header',
      'text/html; charset=utf-8',
      Buffer.concat([Buffer.from('<meta charset="windows-1251">'), cyrillic]),
      'Привет',
    ],
    [
      'such a header where little is broken',
      'text/html; charset=utf-8',
      Buffer.from('caf\xc3\xa9 \xc3\xa9 \xe9', 'latin1'),
      'café é \uFFFD',
    ],
    ['nothing, and UTF-8 does not fit', 'text/html', Buffer.from('caf\xe9', 'latin1'), 'café'],
    ['nothing, of text', 'text/plain', Buffer.from('caf\xe9', 'latin1'), 'café'],
    ['a label that nobody knows', 'text/html; charset=klingon', Buffer.from('<p>Привет'), 'Привет'],
    [
      'a header that is wrong, as <meta> knows',
      'text/html; charset=iso-8859-1',
      Buffer.from('<meta charset=utf-8><p>Привет'),
      'Привет',
    ],
    ['a header that is right', 'text/html; charset=iso-8859-1', Buffer.from('caf\xe9', 'latin1'), 'café'],
  ])('is told by %s', async (_, contentType, bytes, text) => {
    expect(await textOf(bytes, { contentType })).toBe(text)
  })

  it('is told though the last character was cut', async () => {
    expect(await textOf(Buffer.from('Привет').subarray(0, -1), { contentType: 'text/plain', isTruncated: true })).toBe('Приве')
  })
})

describe('a PDF', () => {
  it('becomes text, page by page', async () => {
    const bytes = pdfOf([lineOf('The first page.'), lineOf('The second.')])
    const expected = { title: 'A small PDF', text: 'The first page.\n\nThe second.', characters: 28, isPartial: false }
    expect(await read(bytes, { contentType: 'application/pdf' })).toEqual(expected)
    expect(await read(bytes, { contentType: 'text/html' })).toEqual(expected)
    expect(await read(bytes, { contentType: 'application/octet-stream' })).toEqual(expected)
  })

  it('may be packed', async () => {
    expect(await textOf(pdfOf([deflateSync(lineOf('Packed.'))], { filter: '/FlateDecode' }))).toBe('Packed.')
  })

  it('is cut, and says how much there is', async () => {
    const pages = Array.from({ length: 30 }, (_, index) => lineOf(`This is what page ${index} says to its readers.`))
    const read_ = await read(pdfOf(pages), { maxCharacters: 500 })
    expect(read_).toMatchObject({ characters: expect.any(Number), isPartial: false })
    if ('text' in read_) {
      expect(read_.text.length).toBeLessThanOrEqual(500)
      expect(read_.text.length).toBeGreaterThan(400)
      expect(read_.characters).toBeGreaterThan(1000)
    }
  })

  it.each([
    ['is cut off', pdfOf([lineOf('x')]).subarray(0, 200), 'broken'],
    ['is none', Buffer.from('%PDF-1.7 and nothing else'), 'broken'],
    ['has no text', pdfOf([Buffer.from('0 0 10 10 re f')]), 'no text'],
    ['has no pages', pdfOf([]), 'no text'],
  ])('that %s says so', async (_, bytes, why) => {
    expect(await read(bytes, { contentType: 'application/pdf' })).toEqual({ problem: expect.stringContaining(why) })
  })

  it('of which only the beginning was fetched is of no use', async () => {
    const read_ = await read(pdfOf([lineOf('x')]), { isTruncated: true })
    expect(read_).toEqual({ problem: expect.stringMatching(/too large: only \d+ bytes/) })
  })
})
