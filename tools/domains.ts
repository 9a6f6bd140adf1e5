/**
 * Lists of domains, by the rules that Anthropic's web tools have for them: a domain stands for itself and its subdomains, whatever the
 * scheme and the port; with a path, for what lies at it or below; one `*` in the path stands for anything.
 */

/** The form of an entry, as a pattern for JSON Schema: no scheme, no port, a `*` in the path alone and only one. */
export const domainPattern = '^[^/\\s:@?#*\\\\%]+(?:/[^\\s?#*\\\\]*(?:\\*[^\\s?#*\\\\]*)?)?$'

export interface DomainLists {
  readonly allowed?: readonly string[] | undefined
  readonly blocked?: readonly string[] | undefined
}

/** Whether the lists let a URL be read. However else a path may be spelled, what is blocked stays so, and what is allowed is just that. */
export function isAllowed(url: URL, { allowed, blocked }: DomainLists): boolean {
  const host = hostOf(url)
  const paths = spellingsOf(url.pathname)
  if (blocked?.some((entry) => isOn(host, entry) && coverings(paths, entry).includes(true))) return false
  return !allowed || allowed.some((entry) => isOn(host, entry) && !coverings(paths, entry).includes(false))
}

function isOn(host: string, entry: string): boolean {
  const text = `http://${entry.split('/', 1)[0]}`
  // An entry that is no domain covers nothing; names in other scripts are compared as the net spells them.
  if (!URL.canParse(text)) return false
  const domain = hostOf(new URL(text))
  return host === domain || host.endsWith(`.${domain}`)
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, '')
}

/** For each spelling of a path, whether the entry spelled so covers it. */
function coverings(paths: readonly string[], entry: string): readonly boolean[] {
  const slash = entry.indexOf('/')
  // An entry without a path is the whole domain.
  const covering = spellingsOf(slash < 0 ? '/' : entry.slice(slash))
  return paths.map((path, spelling) => isBelow(path, covering[spelling] ?? ''))
}

function isBelow(path: string, covering: string): boolean {
  const [before = '', after] = covering.split('*')
  if (after === undefined) return isPrefix(path, before, 0)
  if (!path.startsWith(before)) return false
  for (let at = path.indexOf(after, before.length); at >= 0; at = path.indexOf(after, at + 1)) {
    if (after === '' || isPrefix(path, after, at)) return true
  }
  return false
}

/** Whether the path has this at a place, and there either its end or the end of a name: `/blog` is no beginning of `/blogger`. */
function isPrefix(path: string, prefix: string, at: number): boolean {
  const end = at + prefix.length
  return path.startsWith(prefix, at) && (prefix.endsWith('/') || end === path.length || path.charAt(end) === '/')
}

/** A path as it is sent, and as servers may understand it: decoded, without `.`, `..` and empty names. */
function spellingsOf(path: string): readonly [sent: string, understood: string] {
  return [pathname(path), decoded(pathname(decoded(path).replace(/[\\/]+/g, '/')))]
}

function pathname(path: string): string {
  return new URL(`http://any.invalid${path}`).pathname
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
