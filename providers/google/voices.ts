/** The voices of Chirp 3: HD. Each of them speaks every one of the locales below. */
export const chirpVoices: readonly string[] = [
  'Achernar',
  'Achird',
  'Algenib',
  'Algieba',
  'Alnilam',
  'Aoede',
  'Autonoe',
  'Callirrhoe',
  'Charon',
  'Despina',
  'Enceladus',
  'Erinome',
  'Fenrir',
  'Gacrux',
  'Iapetus',
  'Kore',
  'Laomedeia',
  'Leda',
  'Orus',
  'Puck',
  'Pulcherrima',
  'Rasalgethi',
  'Sadachbia',
  'Sadaltager',
  'Schedar',
  'Sulafat',
  'Umbriel',
  'Vindemiatrix',
  'Zephyr',
  'Zubenelgenubi',
]

/** Where a language has several locales, the first is the one for the language alone. */
export const chirpLocales: readonly string[] = [
  'ar-XA',
  'bg-BG',
  'bn-IN',
  'cmn-CN',
  'cs-CZ',
  'da-DK',
  'de-DE',
  'el-GR',
  'en-US',
  'en-AU',
  'en-GB',
  'en-IN',
  'es-ES',
  'es-US',
  'et-EE',
  'fi-FI',
  'fr-FR',
  'fr-CA',
  'gu-IN',
  'he-IL',
  'hi-IN',
  'hr-HR',
  'hu-HU',
  'id-ID',
  'it-IT',
  'ja-JP',
  'kn-IN',
  'ko-KR',
  'lt-LT',
  'lv-LV',
  'ml-IN',
  'mr-IN',
  'nb-NO',
  'nl-NL',
  'nl-BE',
  'pa-IN',
  'pl-PL',
  'pt-BR',
  'ro-RO',
  'ru-RU',
  'sk-SK',
  'sl-SI',
  'sr-RS',
  'sv-SE',
  'sw-KE',
  'ta-IN',
  'te-IN',
  'th-TH',
  'tr-TR',
  'uk-UA',
  'ur-IN',
  'vi-VN',
  'yue-HK',
]

/** How BCP 47 also writes what Google calls otherwise; in lower case. */
const otherTags: ReadonlyMap<string, string> = new Map([
  ['zh', 'cmn-CN'],
  ['zh-cn', 'cmn-CN'],
  ['zh-hans', 'cmn-CN'],
  ['zh-hans-cn', 'cmn-CN'],
  ['cmn-hans-cn', 'cmn-CN'],
  ['zh-hk', 'yue-HK'],
  ['zh-hant-hk', 'yue-HK'],
  ['yue-hant-hk', 'yue-HK'],
  ['no', 'nb-NO'],
  ['no-no', 'nb-NO'],
  ['iw', 'he-IL'],
  ['iw-il', 'he-IL'],
])

/** The locale of Chirp 3: HD that a tag of BCP 47 means, or undefined where it speaks none such. */
export function chirpLocale(tag: string): string | undefined {
  const wanted = tag.toLowerCase().replaceAll('_', '-')
  const other = otherTags.get(wanted)
  if (other !== undefined) return other
  return chirpLocales.find((locale) => locale.toLowerCase() === wanted) ?? chirpLocales.find((l) => languageOf(l) === wanted)
}

/** The primary subtag. */
export function languageOf(tag: string): string {
  return tag.split('-', 1)[0]?.toLowerCase() ?? ''
}
