/** The surroundings of each secret that is found, whole or its first sixteen characters. At most ten. */
export function leaksIn(texts: readonly string[], secrets: readonly string[]): string[] {
  return texts
    .flatMap((text) =>
      secrets.flatMap((secret) => {
        const at = text.indexOf(secret.slice(0, 16))
        return at < 0 ? [] : [`${text.slice(0, 300)} … ${text.slice(Math.max(0, at - 100), at + 60)}`]
      }),
    )
    .slice(0, 10)
}
