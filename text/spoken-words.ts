/** What symbols are called, in one language. */
export interface SpokenWords {
  readonly and: string
  readonly or: string
  readonly at: string
  readonly number: string
  readonly hashtag: string
  readonly plus: string
  readonly minus: string
  readonly equals: string
  readonly times: string
  readonly dividedBy: string
  readonly plusMinus: string
  readonly lessThan: string
  readonly greaterThan: string
  readonly atMost: string
  readonly atLeast: string
  readonly notEqual: string
  readonly about: string
  readonly to: string
  readonly celsius: string
  readonly fahrenheit: string
  readonly squared: string
  readonly cubed: string
  readonly power: string
  readonly root: string
  readonly over: string
  readonly infinity: string
  readonly blank: string
  readonly done: string
  readonly yes: string
  readonly no: string
}

/** The words of a BCP 47 tag's language; undefined for one that the table does not have. */
export function wordsOf(locale: string): SpokenWords | undefined {
  const language = locale.split(/[-_]/, 1)[0]?.toLowerCase() ?? ''
  return Object.hasOwn(languages, language) ? languages[language] : undefined
}

const en: SpokenWords = {
  and: 'and',
  or: 'or',
  at: 'at',
  number: 'number',
  hashtag: 'hashtag',
  plus: 'plus',
  minus: 'minus',
  equals: 'equals',
  times: 'times',
  dividedBy: 'divided by',
  plusMinus: 'plus or minus',
  lessThan: 'less than',
  greaterThan: 'greater than',
  atMost: 'less than or equal to',
  atLeast: 'greater than or equal to',
  notEqual: 'is not equal to',
  about: 'about',
  to: 'to',
  celsius: 'degrees Celsius',
  fahrenheit: 'degrees Fahrenheit',
  squared: 'squared',
  cubed: 'cubed',
  power: 'to the power of',
  root: 'the square root of',
  over: 'over',
  infinity: 'infinity',
  blank: 'blank',
  done: 'Done',
  yes: 'yes',
  no: 'no',
}

const de: SpokenWords = {
  and: 'und',
  or: 'oder',
  at: 'at',
  number: 'Nummer',
  hashtag: 'Hashtag',
  plus: 'plus',
  minus: 'minus',
  equals: 'gleich',
  times: 'mal',
  dividedBy: 'geteilt durch',
  plusMinus: 'plus minus',
  lessThan: 'kleiner als',
  greaterThan: 'größer als',
  atMost: 'kleiner oder gleich',
  atLeast: 'größer oder gleich',
  notEqual: 'ungleich',
  about: 'etwa',
  to: 'zu',
  celsius: 'Grad Celsius',
  fahrenheit: 'Grad Fahrenheit',
  squared: 'Quadrat',
  cubed: 'hoch drei',
  power: 'hoch',
  root: 'die Wurzel aus',
  over: 'durch',
  infinity: 'unendlich',
  blank: 'Lücke',
  done: 'Erledigt',
  yes: 'ja',
  no: 'nein',
}

const fr: SpokenWords = {
  and: 'et',
  or: 'ou',
  at: 'arobase',
  number: 'numéro',
  hashtag: 'hashtag',
  plus: 'plus',
  minus: 'moins',
  equals: 'égale',
  times: 'fois',
  dividedBy: 'divisé par',
  plusMinus: 'plus ou moins',
  lessThan: 'inférieur à',
  greaterThan: 'supérieur à',
  atMost: 'inférieur ou égal à',
  atLeast: 'supérieur ou égal à',
  notEqual: 'différent de',
  about: 'environ',
  to: 'vers',
  celsius: 'degrés Celsius',
  fahrenheit: 'degrés Fahrenheit',
  squared: 'au carré',
  cubed: 'au cube',
  power: 'puissance',
  root: 'racine carrée de',
  over: 'sur',
  infinity: 'infini',
  blank: 'blanc',
  done: 'Fait',
  yes: 'oui',
  no: 'non',
}

const es: SpokenWords = {
  and: 'y',
  or: 'o',
  at: 'arroba',
  number: 'número',
  hashtag: 'hashtag',
  plus: 'más',
  minus: 'menos',
  equals: 'igual a',
  times: 'por',
  dividedBy: 'dividido entre',
  plusMinus: 'más menos',
  lessThan: 'menor que',
  greaterThan: 'mayor que',
  atMost: 'menor o igual que',
  atLeast: 'mayor o igual que',
  notEqual: 'distinto de',
  about: 'aproximadamente',
  to: 'a',
  celsius: 'grados Celsius',
  fahrenheit: 'grados Fahrenheit',
  squared: 'al cuadrado',
  cubed: 'al cubo',
  power: 'elevado a',
  root: 'raíz cuadrada de',
  over: 'sobre',
  infinity: 'infinito',
  blank: 'espacio en blanco',
  done: 'Hecho',
  yes: 'sí',
  no: 'no',
}

const pt: SpokenWords = {
  and: 'e',
  or: 'ou',
  at: 'arroba',
  number: 'número',
  hashtag: 'hashtag',
  plus: 'mais',
  minus: 'menos',
  equals: 'igual a',
  times: 'vezes',
  dividedBy: 'dividido por',
  plusMinus: 'mais ou menos',
  lessThan: 'menor que',
  greaterThan: 'maior que',
  atMost: 'menor ou igual a',
  atLeast: 'maior ou igual a',
  notEqual: 'diferente de',
  about: 'cerca de',
  to: 'para',
  celsius: 'graus Celsius',
  fahrenheit: 'graus Fahrenheit',
  squared: 'ao quadrado',
  cubed: 'ao cubo',
  power: 'elevado a',
  root: 'raiz quadrada de',
  over: 'sobre',
  infinity: 'infinito',
  blank: 'lacuna',
  done: 'Feito',
  yes: 'sim',
  no: 'não',
}

const hi: SpokenWords = {
  and: 'और',
  or: 'या',
  at: 'एट',
  number: 'नंबर',
  hashtag: 'हैशटैग',
  plus: 'प्लस',
  minus: 'माइनस',
  equals: 'बराबर',
  times: 'गुणा',
  dividedBy: 'भागा',
  plusMinus: 'प्लस माइनस',
  lessThan: 'से कम',
  greaterThan: 'से ज़्यादा',
  atMost: 'से कम या बराबर',
  atLeast: 'से ज़्यादा या बराबर',
  notEqual: 'बराबर नहीं',
  about: 'लगभग',
  to: 'से',
  celsius: 'डिग्री सेल्सियस',
  fahrenheit: 'डिग्री फ़ारेनहाइट',
  squared: 'का वर्ग',
  cubed: 'का घन',
  power: 'की घात',
  root: 'वर्गमूल',
  over: 'बटा',
  infinity: 'अनंत',
  blank: 'रिक्त स्थान',
  done: 'पूरा',
  yes: 'हाँ',
  no: 'नहीं',
}

const languages: Readonly<Record<string, SpokenWords>> = { en, de, fr, es, pt, hi }
