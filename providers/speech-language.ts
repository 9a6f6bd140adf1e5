/** The primary subtag of a language tag of BCP 47, in lower case: `en` of `en-GB`. */
export function primarySubtag(tag: string): string {
  return tag.toLowerCase().split('-', 1).join('')
}

/** The code of a tag's language, by the vendor's own name for it where it has another. */
export function languageCodeBy(ownNames: ReadonlyMap<string, string>, tag: string): string {
  const primary = primarySubtag(tag)
  return ownNames.get(primary) ?? primary
}
