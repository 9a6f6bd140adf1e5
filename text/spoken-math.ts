import type { SpokenWords } from './spoken-words.ts'

/** LaTeX longer than this is left out; nobody could follow it by ear. */
export const mathBound = 200

/** A simple formula in words; undefined for one that is better seen than heard. */
export function sayMath(latex: string, words: SpokenWords | undefined): string | undefined {
  if (!words || latex.length > mathBound) return undefined
  let said = latex
    .replace(/\\(?:text|mathrm|mathbf|operatorname)\{([^{}]*)\}/g, ' $1 ')
    .replace(/\^\{?\\circ\}?/g, '°')
    .replace(/\\d?frac\{([^{}\\]*)\}\{([^{}\\]*)\}/g, ` $1 ${words.over} $2 `)
    .replace(/\\sqrt\{([^{}\\]*)\}/g, ` ${words.root} $1 `)
    .replace(/\\(?:left|right|[,;:! ]|quad|displaystyle)/g, ' ')
    .replace(/\\([%$#&])/g, '$1')
    .replace(/\\([a-zA-Z]+)/g, (whole, name: string) => commands[name] ?? (greek.has(name) ? ` ${name} ` : whole))
    .replace(/\^(?:2(?!\d)|\{2\})/g, ` ${words.squared} `)
    .replace(/\^(?:3(?!\d)|\{3\})/g, ` ${words.cubed} `)
    .replace(/\^(?:([a-zA-Z0-9])|\{(-?[a-zA-Z0-9]+)\})/g, (_, one = '', more = '') => ` ${words.power} ${one}${more} `)
    .replace(/_(?:([a-zA-Z0-9])|\{([a-zA-Z0-9]+)\})/g, (_, one = '', more = '') => ` ${one}${more} `)
  if (/[\\{}^_&|]/.test(said)) return undefined
  said = said.replace(/(?<=[\p{L}\p{N})]\s*)-(?=\s*[\p{L}\p{N}(])/gu, ` ${words.minus} `)
  said = said.replace(/[=+*×·÷±≤≥≠≈→∞−<>/]/g, (symbol) => {
    const key = operators[symbol]
    return key ? ` ${words[key]} ` : symbol
  })
  said = said.replace(/\s+/g, ' ').trim()
  return said === '' ? undefined : said
}

/** Whether what stands between two dollar signs is mathematics and not the words between two prices. */
export function isMath(text: string): boolean {
  if (/^[a-zA-Z]$/.test(text)) return true
  return /[\\^_=+<>*/]|^[a-zA-Z]\(|^[a-zA-Z] ?- ?[a-zA-Z\d]$/.test(text) && !/(?<![\\a-zA-Z{])[a-zA-Z]{4,}/.test(text)
}

const operators: Readonly<Record<string, keyof SpokenWords>> = {
  '=': 'equals',
  '+': 'plus',
  '*': 'times',
  '×': 'times',
  '·': 'times',
  '÷': 'dividedBy',
  '±': 'plusMinus',
  '≤': 'atMost',
  '≥': 'atLeast',
  '≠': 'notEqual',
  '≈': 'about',
  '→': 'to',
  '∞': 'infinity',
  '−': 'minus',
  '<': 'lessThan',
  '>': 'greaterThan',
  '/': 'over',
}

const commands: Readonly<Partial<Record<string, string>>> = {
  times: '×',
  cdot: '×',
  div: '÷',
  pm: '±',
  leq: '≤',
  le: '≤',
  geq: '≥',
  ge: '≥',
  neq: '≠',
  ne: '≠',
  approx: '≈',
  to: '→',
  rightarrow: '→',
  infty: '∞',
  lt: '<',
  gt: '>',
  sin: ' sin ',
  cos: ' cos ',
  tan: ' tan ',
  log: ' log ',
  ln: ' ln ',
}

const greek: ReadonlySet<string> = new Set(
  'alpha beta gamma delta epsilon theta lambda mu pi rho sigma tau phi psi omega Delta Sigma Omega'.split(' '),
)
