/** What is wrong with the root of a provider's API; undefined where nothing is. */
export function baseURLProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    return `a URL that begins with http:// or https:// is expected, not ${JSON.stringify(text)}`
  }
  return url.username || url.password || url.search || url.hash
    ? 'the URL must have no user, password, query or fragment'
    : undefined
}
