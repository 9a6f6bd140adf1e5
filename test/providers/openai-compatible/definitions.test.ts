import { describe, expect, it } from 'vitest'
import { features, matrixEntry } from '../../../providers/capabilities.ts'
import { cerebras, defineProviders, groq, openrouter, presetNames } from '../../../providers/openai-compatible.ts'

const taken = {
  ids: ['openai', 'demo', 'gem-dev'],
  keyHeaders: ['x-provider-key-openai', 'x-provider-key-gemini'],
  variables: ['VAI_OPENAI_BASE_URL', 'VAI_GEMINI_BASE_URL'],
}

function problemsOf(mapping: Record<string, unknown>, named: readonly string[] = []): readonly string[] {
  return defineProviders(mapping, named, taken).problems
}

describe('a definition', () => {
  it('of nothing but a name of a preset is the preset', () => {
    const { providers, problems } = defineProviders({ mistral: null }, ['ollama', 'azure'], taken)
    expect(problems).toEqual([])
    expect(providers.map(({ id, name, upstream }) => [id, name, upstream])).toEqual([
      [
        'mistral',
        'Mistral',
        {
          keyHeader: 'X-Provider-Key-Mistral',
          keyVariables: ['MISTRAL_API_KEY'],
          conventionalName: 'mistral_ai',
          baseURLVariable: 'VAI_MISTRAL_BASE_URL',
          defaultBaseURL: 'https://api.mistral.ai/v1',
        },
      ],
      [
        'ollama',
        'Ollama',
        {
          keyHeader: 'X-Provider-Key-Ollama',
          keyVariables: ['OLLAMA_API_KEY'],
          keyOptional: true,
          baseURLVariable: 'VAI_OLLAMA_BASE_URL',
          defaultBaseURL: 'http://127.0.0.1:11434/v1',
        },
      ],
      [
        'azure',
        'Azure OpenAI',
        {
          keyHeader: 'X-Provider-Key-Azure',
          keyVariables: ['AZURE_OPENAI_API_KEY'],
          conventionalName: 'azure.ai.openai',
          baseURLVariable: 'VAI_AZURE_BASE_URL',
          defaultBaseURL: '',
        },
      ],
    ])
  })

  it('says what is different from its preset', () => {
    const definition = {
      preset: 'vllm',
      name: 'The big machine',
      base_url: 'http://10.0.0.5:8000/v1',
      key_variable: 'BIG_KEY',
      key_optional: false,
      quirks: { top_k: false, files: 'file' },
      models: [{ id: 'qwen/qwen3', display_name: 'Qwen 3', context_window: 32_768, aliases: ['qwen3'] }],
    }
    const { providers, models, problems } = defineProviders({ 'big-one': definition }, [], taken)
    expect(problems).toEqual([])
    expect(providers[0]).toMatchObject({
      id: 'big-one',
      name: 'The big machine',
      upstream: {
        keyHeader: 'X-Provider-Key-Big-One',
        keyVariables: ['BIG_KEY'],
        baseURLVariable: 'VAI_BIG_ONE_BASE_URL',
        defaultBaseURL: 'http://10.0.0.5:8000/v1',
      },
      matrix: { top_k: { treatment: 'drop' }, 'block.document.pdf': { treatment: 'map' }, 'block.video': { treatment: 'map' } },
    })
    expect(providers[0]?.upstream).not.toHaveProperty('keyOptional')
    expect(models).toEqual([
      { id: 'big-one/qwen/qwen3', display_name: 'Qwen 3', context_window: 32_768, aliases: ['big-one/qwen3'] },
    ])
  })

  it('may be of no preset, though its name is that of one', () => {
    const { providers } = defineProviders({ mistral: { preset: 'none', base_url: 'http://127.0.0.1:1/v1' } }, [], taken)
    expect(providers[0]).toMatchObject({ name: 'mistral', upstream: { keyVariables: ['MISTRAL_API_KEY'] } })
    expect(providers[0]?.matrix['block.thinking']).toMatchObject({ treatment: 'drop' })
  })

  it('knows the efforts of its models unless it says which there are', () => {
    const say = (reasoning_efforts?: string[]): string | undefined => {
      const quirks = reasoning_efforts && { reasoning_efforts }
      const { providers } = defineProviders({ mine: { preset: 'mistral', ...(quirks && { quirks }) } }, [], taken)
      return providers[0]?.capabilities('mistral-large-2512').features['thinking.enabled']
    }
    expect(say()).toBe('unsupported')
    expect(say(['low', 'high'])).toBeUndefined()
  })

  it('in the file goes before the name in the environment', () => {
    const { providers } = defineProviders({ ollama: { base_url: 'http://gpu.test/v1' } }, ['ollama', 'ollama'], taken)
    expect(providers.map(({ upstream }) => upstream?.defaultBaseURL)).toEqual(['http://gpu.test/v1'])
  })
})

describe('a mistake', () => {
  const url = 'http://127.0.0.1:1/v1'
  it.each<[Record<string, unknown>, string | RegExp]>([
    [{ Big: { base_url: url } }, 'providers.Big: a name begins with a lower-case letter'],
    [{ '9lives': { base_url: url } }, 'providers.9lives: a name begins'],
    [{ ['x'.repeat(33)]: { base_url: url } }, 'at most 32 characters'],
    [{ openai: { base_url: url } }, 'providers.openai: there is a provider openai already'],
    [{ gemini: { base_url: url } }, "the header X-Provider-Key-Gemini is another provider's"],
    [{ mine: 'ollama' }, 'providers.mine: a mapping is expected, not "ollama"'],
    [{ mine: { base_url: url, bas_url: url } }, 'providers.mine.bas_url is not known; did you mean base_url?'],
    [{ mine: { base_url: url, xyzzy: 1 } }, /^providers\.mine\.xyzzy is not known$/],
    [{ mine: { base_url: url, key: 'sk-test-0123456789abcdef' } }, 'providers.mine.key: keys do not stand in the file'],
    [{ mine: { base_url: url, API_KEY: 'x' } }, 'providers.mine.API_KEY: keys do not stand in the file'],
    [{ mine: { preset: 'olama', base_url: url } }, 'providers.mine.preset: there is no preset "olama"; did you mean ollama?'],
    [{ mine: { preset: 5 } }, 'there is no preset 5'],
    [{ mine: { base_url: 'gpu.test' } }, 'providers.mine.base_url: a URL that begins with http:// or https://'],
    [{ mine: { base_url: 'https://a:b@gpu.test' } }, 'providers.mine.base_url: the URL must have no user'],
    [{ mine: { base_url: 5 } }, 'providers.mine.base_url: text is expected, not 5'],
    [{ mine: { base_url: url, name: '' } }, 'providers.mine.name: text is expected'],
    [{ mine: { base_url: url, key_variable: 'MY-KEY' } }, 'providers.mine.key_variable: the name of a variable is expected'],
    [{ mine: { base_url: url, key_variable: 'VAI_KEY' } }, 'VAI_KEY begins with VAI_'],
    [{ mine: { base_url: url, key_optional: 'yes' } }, 'providers.mine.key_optional: true or false is expected, not "yes"'],
    [{ mine: { base_url: url, key_header: 'a b' } }, 'providers.mine.key_header: the name of a header is expected'],
    [{ mine: { base_url: url, key_header: 'Host' } }, 'providers.mine.key_header: the name of a header is expected'],
    [{ mine: { base_url: url, headers: ['a'] } }, 'providers.mine.headers: a mapping of texts is expected'],
    [{ mine: { base_url: url, headers: { 'a b': 'c' } } }, 'providers.mine.headers.a b: this is no name of a header'],
    [{ mine: { base_url: url, headers: { 'x-a': 'ä' } } }, 'providers.mine.headers.x-a: text of ASCII characters is expected'],
    [{ mine: { base_url: url, headers: { 'x-a': 'a\r\nb: c' } } }, 'text of ASCII characters is expected'],
    [{ mine: { base_url: url, headers: { Authorization: 'Bearer x' } } }, 'headers.Authorization: keys do not stand in the file'],
    [{ mine: { base_url: url, headers: { 'x-a': 'sk-test-0123456789abcdef' } } }, 'headers.x-a: keys do not stand in the file'],
    [{ mine: { base_url: url, headers: { 'Content-Length': '5' } } }, 'the gateway sets this header itself'],
    [{ mine: { base_url: url, quirks: [] } }, 'providers.mine.quirks: a mapping is expected'],
    [{ mine: { base_url: url, quirks: { topk: true } } }, 'providers.mine.quirks.topk is not known; did you mean top_k?'],
    [{ mine: { base_url: url, quirks: { top_k: 'yes' } } }, 'providers.mine.quirks.top_k: true or false is expected, not "yes"'],
    [{ mine: { base_url: url, quirks: { reasoning_field: 'thoughts' } } }, 'one of none, reasoning, reasoning_content'],
    [{ mine: { base_url: url, quirks: { reasoning_efforts: ['low', 'huge'] } } }, 'a list of none, minimal, low'],
    [{ mine: { base_url: url, quirks: { max_stop_sequences: -1 } } }, 'a whole number; 0 where there is no limit'],
    [{ mine: { base_url: url, quirks: { stop_reasons: { eos: 'done' } } } }, 'a mapping to end_turn, max_tokens'],
    [{ mine: { base_url: url, models: { a: {} } } }, 'providers.mine.models: a list is expected'],
    [{ mine: { base_url: url, models: [{ id: 'a', contxt_window: 5 }] } }, 'did you mean context_window?'],
  ])('%j is told with its path', (mapping, problem) => {
    const problems = problemsOf(mapping)
    expect(problems).toHaveLength(1)
    if (typeof problem === 'string') expect(problems[0]).toContain(problem)
    else expect(problems[0]).toMatch(problem)
    expect(problems[0]).not.toContain('sk-test-0123456789abcdef')
  })

  it('is told together with all others', () => {
    const mine = { base_url: 'x', nam: 'y', quirks: { top_k: 1, tools: 2 }, headers: { host: 'h' }, models: 5 }
    expect(problemsOf({ mine, Yours: {} }, ['nothing-of-the-sort'])).toHaveLength(8)
  })

  it('is a key where the name of a variable belongs, and is not repeated', () => {
    const problems = problemsOf({ mine: { base_url: url, key_variable: 'sk-test-0123456789abcdef' } })
    expect(problems).toEqual(['providers.mine.key_variable: the name of a variable is expected, and this has the form of a key'])
  })

  it('is a name that is spelled like another in a header', () => {
    const definition = { base_url: url }
    expect(problemsOf({ ab: definition, 'a-b': definition })).toEqual([])
    expect(problemsOf({ 'a-b': definition, 'a--b': definition })).toEqual([])
  })

  it('is the name of no preset in the environment', () => {
    expect(problemsOf({}, ['olama'])).toEqual([
      `VAI_PROVIDERS: there is no preset "olama"; did you mean ollama? There are ${presetNames.join(', ')}`,
    ])
  })
})

describe('the matrix', () => {
  const { providers } = defineProviders({ plain: { base_url: 'http://127.0.0.1:1/v1' } }, presetNames, taken)

  it.each([groq, cerebras, openrouter, ...providers].map((provider) => [provider.id, provider] as const))(
    'of %s says of whatever it does not carry what becomes of it',
    (_, { matrix }) => {
      const silent = features.filter((feature) => {
        const { treatment, note } = matrixEntry(matrix, feature)
        return treatment !== 'carry' && !note
      })
      expect(silent).toEqual([])
    },
  )
})
