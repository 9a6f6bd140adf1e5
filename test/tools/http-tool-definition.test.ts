import { describe, expect, it } from 'vitest'
import { Secret } from '../../api/secret.ts'
import { readHttpTools } from '../../tools/http-tool-definition.ts'
import { httpTools } from '../../tools/http-tools.ts'
import { checkOf } from '../../tools/schema.ts'

const least = { description: 'Looks a customer up.', url: 'https://crm.example/lookup' }

async function read(tools: unknown, taken: readonly string[] = []) {
  const problems: string[] = []
  const definitions = await readHttpTools(tools, taken, (problem) => void problems.push(problem))
  return { definitions, problems }
}

/** The problems of one tool, without where it stands. */
async function problemsOf(members: object): Promise<string[]> {
  const { problems } = await read({ crm: { ...least, ...members } })
  return problems.map((problem) => problem.replace('tools.crm.', ''))
}

describe('a definition', () => {
  it('is read with everything that it may say', async () => {
    const schema = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } }, required: ['id'] }
    const { definitions, problems } = await read({
      crm_lookup: {
        ...least,
        input_schema: schema,
        headers: { 'X-Team': 'sales', 'x-version': 2 },
        auth: { bearer: 'CRM_KEY' },
        signing_key: 'CRM_SIGNING_KEY',
        timeout_ms: 5000,
        max_result_bytes: 1024,
        untrusted: true,
      },
    })
    expect(problems).toEqual([])
    expect(definitions).toEqual([
      {
        name: 'crm_lookup',
        description: 'Looks a customer up.',
        url: new URL('https://crm.example/lookup'),
        inputSchema: schema,
        headers: { 'x-team': 'sales', 'x-version': '2' },
        auth: { kind: 'bearer', variable: 'CRM_KEY' },
        signingKey: 'CRM_SIGNING_KEY',
        timeoutMs: 5000,
        maxResultBytes: 1024,
        untrusted: true,
      },
    ])
  })

  it('may be short: then the tool takes no arguments', async () => {
    const { definitions, problems } = await read({ ping: least })
    expect(problems).toEqual([])
    const [definition] = definitions
    if (!definition) throw new Error('there is no definition')
    expect(definition).toMatchObject({ auth: undefined, signingKey: undefined, timeoutMs: undefined, maxResultBytes: 65_536 })
    const check = await checkOf(definition.inputSchema)
    expect(check({})).toEqual([])
    expect(check({ id: 1 })).toHaveLength(1)
  })

  it.each([
    ['a header', { header: 'X-Api-Key', value: 'CRM_KEY' }, { kind: 'header', name: 'x-api-key', variable: 'CRM_KEY' }],
    [
      'a name and a password',
      { basic: { username: 'vai', password: 'CRM_KEY' } },
      { kind: 'basic', username: 'vai', variable: 'CRM_KEY' },
    ],
  ])('may say who the gateway is by %s', async (_, auth, expected) => {
    const { definitions, problems } = await read({ crm: { ...least, auth } })
    expect(problems).toEqual([])
    expect(definitions).toMatchObject([{ auth: expected }])
  })

  it.each([null, {}])('is not needed: %j', async (tools) => {
    expect(await read(tools)).toEqual({ definitions: [], problems: [] })
  })

  it('is told with everything that is wrong with it, and with what is wrong with the others', async () => {
    const { problems } = await read({
      crm: { descripton: 'x', url: 'crm.example', auth: { bearer: 'a key' }, input_schema: { type: 'string' } },
      'a b': least,
      other: 5,
    })
    expect(problems).toEqual([
      'tools.crm.descripton is not known here; did you mean description?',
      'tools.crm.url: a URL that begins with http:// or https:// is expected',
      'tools.crm.input_schema: a JSON schema with type: object is expected, as arguments are named',
      'tools.crm.description is missing',
      "tools.crm.auth.bearer: the name of an environment's variable is expected",
      'tools.a b: a name begins with a letter or _, consists of letters, digits, _ and -, and has at most 63 characters',
      'tools.other: a mapping is expected',
      'tools.other.url is missing',
      'tools.other.description is missing',
    ])
  })
})

describe('a name', () => {
  it.each(['1st', '-a', 'a.b', 'a b', 'ä', '', 'x'.repeat(64)])('%j is refused', async (name) => {
    expect((await read({ [name]: least })).problems).toEqual([expect.stringContaining('a name begins with a letter or _')])
  })

  it.each(['vai_fetch', 'VAI_x'])('%s is the gateway’s own', async (name) => {
    expect((await read({ [name]: least })).problems).toEqual([expect.stringContaining("the gateway's own")])
  })

  it.each(['web_search', 'none'])('%s is refused where it means something already', async (name) => {
    expect((await read({ [name]: least }, ['web_search'])).problems).toEqual([expect.stringContaining('something already')])
  })

  it.each(['a', '_a', 'Crm-lookup_2', 'x'.repeat(63)])('%s is taken', async (name) => {
    expect((await read({ [name]: least })).problems).toEqual([])
  })
})

describe('a wrong value', () => {
  it.each<[object, string]>([
    [{ url: 'ftp://crm.example' }, 'url: a URL that begins with http:// or https:// is expected'],
    [{ url: 'https://me:word@crm.example' }, 'url: the URL must have no user, password or fragment; see auth'],
    [{ url: 'https://crm.example#a' }, 'url: the URL must have no user, password or fragment; see auth'],
    [{ description: ' ' }, 'description: text of at most 1024 characters is expected'],
    [{ description: 'x'.repeat(1025) }, 'description: text of at most 1024 characters is expected'],
    [{ timeout_ms: 0 }, 'timeout_ms: a whole number from 1 to 3600000 is expected'],
    [{ max_result_bytes: 1e9 }, 'max_result_bytes: a whole number from 1 to 16777216 is expected'],
    [{ untrusted: 'yes' }, 'untrusted: true or false is expected'],
    [{ headers: ['a'] }, 'headers: a mapping is expected'],
    [{ headers: { 'a b': 'c' } }, 'headers.a b: this is no name of a header'],
    [{ headers: { 'x-a': 'b\r\nc: d' } }, 'headers.x-a: text of ASCII characters is expected'],
    [
      { headers: { Authorization: 'Bearer a' } },
      "headers.Authorization: keys do not stand in the file; name the environment's variable in auth",
    ],
    [
      { headers: { 'x-a': 'sk-test-0123456789abcdef' } },
      "headers.x-a: keys do not stand in the file; name the environment's variable in auth",
    ],
    [{ headers: { 'Content-Length': '1' } }, 'headers.Content-Length: the gateway sets this header itself'],
    [{ headers: { 'webhook-id': '1' } }, 'headers.webhook-id: the gateway sets this header itself'],
    [{ auth: {} }, 'auth: one of bearer, header and basic is expected'],
    [{ auth: { bearer: 'A', header: 'x-a', value: 'B' } }, 'auth: one of bearer, header and basic is expected'],
    [
      { auth: { header: 'x-a' } },
      "auth: header has the name of a header, and value that of the environment's variable that holds what it says",
    ],
    [
      { auth: { bearer: 'A', value: 'B' } },
      "auth: header has the name of a header, and value that of the environment's variable that holds what it says",
    ],
    [
      { auth: { header: 'host', value: 'B' } },
      'auth.header: the name of a header is expected, of one that the gateway does not set itself',
    ],
    [{ auth: { basic: { password: 'A' } } }, 'auth.basic.username is missing'],
    [
      { auth: { basic: { username: 'a:b', password: 'A' } } },
      'auth.basic.username: ASCII characters without a colon is expected',
    ],
    [{ auth: { token: 'A' } }, 'auth.token is not known here'],
    [{ signing_key: 'whsec_+/=' }, "signing_key: the name of an environment's variable is expected"],
  ])('%j is told', async (members, problem) => {
    expect(await problemsOf(members)).toContain(problem)
  })

  it('is never repeated, as it may be a key', async () => {
    const { problems } = await read({
      crm: {
        ...least,
        auth: { bearer: 'q7-secret', header: 'q7 secret' },
        signing_key: 'q7-secret',
        url: 'q7-secret',
        headers: { 'x-api-key': 'q7-secret' },
      },
    })
    expect(problems.length).toBeGreaterThan(3)
    expect(problems.join()).not.toContain('q7')
  })
})

describe('a schema', () => {
  const circular: Record<string, unknown> = { type: 'object' }
  circular.properties = { self: circular }
  const deep = Array.from({ length: 600 }).reduce<object>((inner) => ({ type: 'object', properties: { a: inner } }), {
    type: 'object',
  })

  it.each<[string, unknown, RegExp]>([
    ['that is a list', [], /type: object is expected/],
    ['of a text', { type: 'string' }, /type: object is expected/],
    ['without a type', { properties: {} }, /type: object is expected/],
    ['of several types', { type: ['object', 'null'] }, /type: object is expected/],
    ['with a type that there is not', { type: 'object', properties: { a: { type: 'strnig' } } }, /schema is invalid/],
    ['with properties that are none', { type: 'object', properties: ['a'] }, /schema is invalid/],
    [
      'with an expression that is none',
      { type: 'object', properties: { a: { type: 'string', pattern: '(' } } },
      /regular expression/i,
    ],
    [
      'that lies elsewhere',
      { type: 'object', properties: { a: { $ref: 'https://crm.example/schema.json' } } },
      /can't resolve reference/,
    ],
    ['that leads nowhere', { type: 'object', properties: { a: { $ref: '#/$defs/a' } } }, /can't resolve reference/],
    ['of a version that is not known', { $schema: 'https://crm.example/own', type: 'object' }, /no schema with key or ref/],
    ['that is to be waited for', { $async: true, type: 'object' }, /\$async is no keyword/],
    ['that contains itself', circular, /circular/],
    ['that is nested too deep', deep, /nested deeper than 512 levels/],
  ])('%s is told', async (_, schema, problem) => {
    expect(await problemsOf({ input_schema: schema })).toEqual([expect.stringMatching(problem)])
    expect((await problemsOf({ input_schema: schema }))[0]).toMatch(/^input_schema: /)
  })

  it.each<[string, object]>([
    ['with definitions', { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'string' } } }],
    ['with the same $id as another', { $id: 'https://crm.example/a', type: 'object' }],
    ['with words of its own', { type: 'object', 'x-note': 'hm', properties: { a: { type: 'string', format: 'phone' } } }],
    ['of an older version', { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' }],
  ])('%s is taken', async (_, schema) => {
    expect(await read({ one: { ...least, input_schema: schema }, two: { ...least, input_schema: { ...schema } } })).toMatchObject(
      {
        problems: [],
        definitions: [{ name: 'one' }, { name: 'two' }],
      },
    )
  })
})

describe('the keys that a definition names', () => {
  const environment = (values: Readonly<Record<string, string>>) => (name: string) =>
    values[name] === undefined ? undefined : new Secret(values[name])

  async function problemsWith(members: object, values: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const { definitions, problems } = await read({ crm: { ...least, ...members } })
    expect(problems).toEqual([])
    return httpTools(definitions, environment(values)).problems
  }

  it('are all told where they are missing', async () => {
    const missing = 'the environment has no variable of this name, or an empty one'
    const both = { auth: { basic: { username: 'a', password: 'A' } }, signing_key: 'B' }
    expect(await problemsWith(both, {})).toEqual([
      `tools.crm.auth.basic.password: ${missing}`,
      `tools.crm.signing_key: ${missing}`,
    ])
    expect(await problemsWith({ auth: { bearer: 'A' } }, {})).toEqual([`tools.crm.auth.bearer: ${missing}`])
    expect(await problemsWith({ auth: { header: 'x-a', value: 'A' } }, {})).toEqual([`tools.crm.auth.value: ${missing}`])
  })

  it.each([
    'whsec_c2hvcnQ=',
    'whsec_not-base64-but-long-enough-to-be-a-key',
    'whsec_YS1zaWduaW5nLWtleS1vZi10aGlydHktdHdvLWJ5dGU',
    'a text that is short',
  ])('are refused where nothing can be signed with them: %s', async (key) => {
    const [problem = ''] = await problemsWith({ signing_key: 'A' }, { A: key })
    expect(problem).toMatch(/^tools\.crm\.signing_key: the variable holds no key: .*at least 24 bytes$/)
    expect(problem).not.toContain(key)
  })

  it('are refused where no header can hold them', async () => {
    const told = 'the variable holds what no header can'
    expect(await problemsWith({ auth: { bearer: 'A' } }, { A: 'a\nb' })).toEqual([`tools.crm.auth.bearer: ${told}`])
    expect(await problemsWith({ auth: { header: 'x-a', value: 'A' } }, { A: 'ä' })).toEqual([`tools.crm.auth.value: ${told}`])
    expect(await problemsWith({ auth: { basic: { username: 'a', password: 'A' } } }, { A: 'ä\nb' })).toEqual([])
  })
})
