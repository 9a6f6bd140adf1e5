import { describe, expect, it } from 'vitest'
import { domainPattern, isAllowed } from '../../tools/domains.ts'

const covers = (entry: string, url: string): boolean => isAllowed(new URL(url), { allowed: [entry] })
const blocks = (entry: string, url: string): boolean => !isAllowed(new URL(url), { blocked: [entry] })

describe('a domain of a list', () => {
  it.each([
    ['example.com', 'https://example.com/'],
    ['example.com', 'http://docs.example.com/a?b'],
    ['example.com', 'https://a.b.example.com:8443/'],
    ['example.com', 'https://EXAMPLE.com./'],
    ['Example.COM', 'https://example.com/'],
    ['example.com.', 'https://example.com/'],
    ['bücher.example', 'https://xn--bcher-kva.example/'],
    ['xn--bcher-kva.example', 'https://bücher.example/'],
    ['192.0.2.1', 'http://0xc0.0.2.1/'],
    ['example.com/', 'https://example.com/anything'],
    ['example.com/blog', 'https://example.com/blog'],
    ['example.com/blog', 'https://docs.example.com/blog/post?x=1'],
    ['example.com/blog/', 'https://example.com/blog/post'],
    ['example.com/a b', 'https://example.com/a%20b/c'],
    ['example.com/*', 'https://example.com/anything/at/all'],
    ['example.com/*/articles', 'https://example.com/news/articles/1'],
    ['example.com/*/articles', 'https://example.com/articles/b/articles'],
    ['example.com/v*/api', 'https://example.com/v2/api'],
  ])('%s covers %s', (entry, url) => {
    expect(entry.includes(' ') || new RegExp(domainPattern).test(entry)).toBe(true)
    expect(covers(entry, url)).toBe(true)
    expect(blocks(entry, url)).toBe(true)
  })

  it.each([
    ['example.com', 'https://notexample.com/'],
    ['example.com', 'https://example.com.evil.test/'],
    ['example.com', 'https://example.org/?example.com'],
    ['docs.example.com', 'https://example.com/'],
    ['docs.example.com', 'https://api.example.com/'],
    ['example.com/blog', 'https://example.com/'],
    ['example.com/blog', 'https://example.com/blogger'],
    ['example.com/blog', 'https://example.com/BLOG'],
    ['example.com/*/articles', 'https://example.com/articles'],
    ['example.com/*/articles', 'https://example.com/news/articles2'],
    ['exa mple', 'https://example.com/'],
    ['192.0.2.1', 'http://192.0.2.10/'],
  ])('%s does not cover %s', (entry, url) => {
    expect(covers(entry, url)).toBe(false)
    expect(blocks(entry, url)).toBe(false)
  })

  it.each([
    'https://example.com/%70rivate',
    'https://example.com/open/../private',
    'https://example.com/open/..%2fprivate',
    'https://example.com/open/%2e%2e/private',
    'https://example.com//private',
    'https://example.com/./private/x',
    'https://example.com/open%5c..%5cprivate',
  ])('stays blocked and is no way out of what is allowed, however it is spelled: %s', (url) => {
    expect(blocks('example.com/private', url)).toBe(true)
    expect(covers('example.com/open', url)).toBe(false)
  })

  it.each([
    'https://example.com',
    'http://example.com/',
    '*.example.com',
    'ex*ample.com',
    'example.com/*/a/*',
    'example.com:80',
    'user@example.com',
    'example.com?x',
    'example.com/a?x',
    'example.com/a#x',
    'example.com\\a',
    ' example.com',
    '',
    '/blog',
  ])('has the form that it has to have: not %j', (entry) => {
    expect(new RegExp(domainPattern).test(entry)).toBe(false)
  })

  it('that is blocked is not read even where it is allowed', () => {
    const lists = { allowed: ['example.com'], blocked: ['bad.example.com', 'example.com/private'] }
    expect(isAllowed(new URL('https://example.com/'), lists)).toBe(true)
    expect(isAllowed(new URL('https://bad.example.com/'), lists)).toBe(false)
    expect(isAllowed(new URL('https://example.com/private/x'), lists)).toBe(false)
    expect(isAllowed(new URL('https://example.org/'), lists)).toBe(false)
    expect(isAllowed(new URL('https://example.org/'), {})).toBe(true)
  })
})
