/**
 * The primary subtag of a language as the vendor writes it; undefined where the tag is none. What has an older or a longer name is
 * known by its usual one: `eng` and `en-GB` are `en`, `tl` is `fil`.
 */
export function languageCode(tag: string): string | undefined {
  try {
    const { language } = new Intl.Locale(tag)
    // Both written forms of Norwegian go by the name of the language.
    return language === 'nb' || language === 'nn' ? 'no' : language
  } catch {
    return undefined
  }
}
