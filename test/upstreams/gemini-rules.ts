import { isObject, type Json, objects, stringOf } from './json.ts'

/** Which of Google's two services is asked; they do not take the same fields. */
export type GeminiService = 'gemini-api' | 'vertex-ai'

/**
 * What generateContent refuses in a request's body, in Google's own words where they are known, one problem after the other; the API
 * reports the first. Only what it is known to refuse is here: silence is no promise that it would accept.
 */
export function* problemsOf(body: Json, model: string, service: GeminiService): Generator<string> {
  yield* unknownFields(body, service)
  yield* contentProblems(body.contents)
  yield* turnProblems(objects(body.contents))
  yield* toolProblems(body, service)
  yield* configProblems(isObject(body.generationConfig) ? body.generationConfig : {})
  if (/^gemini-(?:[3-9]|\d\d)/.test(model)) yield* signatureProblems(objects(body.contents))
}

const common = ['contents', 'systemInstruction', 'tools', 'toolConfig', 'safetySettings', 'generationConfig', 'cachedContent']
const requestFields: Readonly<Record<GeminiService, readonly string[]>> = {
  'gemini-api': [...common, 'model', 'serviceTier', 'store'],
  'vertex-ai': [...common, 'model', 'serviceTier', 'labels', 'modelArmorConfig'],
}
const configFields = [
  ...['stopSequences', 'responseMimeType', 'responseSchema', 'responseJsonSchema', 'responseModalities', 'candidateCount'],
  ...[
    'maxOutputTokens',
    'temperature',
    'topP',
    'topK',
    'seed',
    'presencePenalty',
    'frequencyPenalty',
    'responseLogprobs',
    'logprobs',
  ],
  ...['speechConfig', 'thinkingConfig', 'imageConfig', 'mediaResolution', 'audioTranscriptionConfig'],
]
const partFields = [
  ...['text', 'inlineData', 'functionCall', 'functionResponse', 'fileData', 'executableCode', 'codeExecutionResult'],
  ...['thought', 'thoughtSignature', 'videoMetadata', 'mediaResolution'],
]
const toolFields = [
  'functionDeclarations',
  'googleSearch',
  'googleSearchRetrieval',
  'codeExecution',
  'urlContext',
  'googleMaps',
  'computerUse',
]

function* unknownFields(body: Json, service: GeminiService): Generator<string> {
  const isVertex = service === 'vertex-ai'
  const own = isVertex ? [] : ['toolCall', 'toolResponse']
  yield* unknown(body, requestFields[service], '')
  if (isObject(body.generationConfig)) yield* unknown(body.generationConfig, configFields, 'generation_config')
  for (const [at, content] of objects(body.contents).entries()) {
    yield* unknown(content, ['role', 'parts'], `contents[${at}]`)
    for (const [place, part] of objects(content.parts).entries()) {
      yield* unknown(part, [...partFields, ...own], `contents[${at}].parts[${place}]`)
    }
  }
  for (const [at, tool] of objects(body.tools).entries()) {
    yield* unknown(tool, [...toolFields, isVertex ? 'enterpriseWebSearch' : 'fileSearch'], `tools[${at}]`)
    if (isObject(tool.googleSearch)) {
      yield* unknown(tool.googleSearch, isVertex ? ['excludeDomains'] : ['timeRangeFilter'], `tools[${at}].google_search`)
    }
    for (const [place, one] of objects(tool.functionDeclarations).entries()) {
      const fields = ['name', 'description', 'parameters', 'parametersJsonSchema', 'response', 'responseJsonSchema', 'behavior']
      yield* unknown(one, fields, `tools[${at}].function_declarations[${place}]`)
    }
  }
  if (isObject(body.toolConfig)) {
    const fields = ['functionCallingConfig', 'retrievalConfig', ...(isVertex ? [] : ['includeServerSideToolInvocations'])]
    yield* unknown(body.toolConfig, fields, 'tool_config')
  }
}

function* unknown(value: Json, fields: readonly string[], path: string): Generator<string> {
  for (const name of Object.keys(value)) {
    if (fields.includes(name)) continue
    yield `Invalid JSON payload received. Unknown name "${name}"${path && ` at '${path}'`}: Cannot find field.`
  }
}

function* contentProblems(contents: unknown): Generator<string> {
  if (objects(contents).length === 0) return yield '* GenerateContentRequest.contents: contents is not specified\n'
  for (const [at, { role, parts }] of objects(contents).entries()) {
    if (role !== 'user' && role !== 'model') yield 'Please use a valid role: user, model.'
    if (objects(parts).length === 0) yield `* GenerateContentRequest.contents[${at}].parts: contents.parts must not be empty.\n`
    for (const part of objects(parts)) {
      const data = Object.keys(part).filter(
        (name) => !['thought', 'thoughtSignature', 'videoMetadata', 'mediaResolution'].includes(name),
      )
      if (data.length !== 1) yield 'Unable to submit request because it must have exactly one field of data in each part.'
      if (part.functionResponse !== undefined && role !== 'user') yield 'Please use a valid role: user, model.'
    }
  }
}

/** The results of calls come in the turn right after them, as many as there were calls. */
function* turnProblems(contents: readonly Json[]): Generator<string> {
  let open: Json[] = []
  for (const { role, parts } of contents) {
    const responses = objects(parts).flatMap((part) => (isObject(part.functionResponse) ? [part.functionResponse] : []))
    if (role === 'user' && responses.length !== open.length) {
      yield open.length === 0
        ? 'Please ensure that function response turn comes immediately after a function call turn.'
        : 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.'
    }
    for (const [at, response] of responses.entries()) {
      if (!isObject(response.response))
        yield `Invalid value at 'contents.parts.function_response.response' (type.googleapis.com/google.protobuf.Struct)`
      if (
        !open.some(
          ({ id, name }) => name === response.name && (response.id === undefined || id === undefined || id === response.id),
        )
      ) {
        yield `Please ensure that function response ${at} answers a function call of the turn before.`
      }
    }
    if (role === 'model' && open.length > 0) {
      yield 'Please ensure that function call turn comes immediately after a user turn or after a function response turn.'
    }
    open = role === 'model' ? objects(parts).flatMap((part) => (isObject(part.functionCall) ? [part.functionCall] : [])) : []
  }
  if (contents.at(-1)?.role === 'model')
    yield 'Please ensure that multiturn requests end with a user role or a function response.'
}

function* toolProblems({ tools, toolConfig }: Json, service: GeminiService): Generator<string> {
  const declared = objects(tools).flatMap((tool) => objects(tool.functionDeclarations))
  const ownTools = objects(tools).filter((tool) => tool.functionDeclarations === undefined)
  const config = isObject(toolConfig) ? toolConfig : {}
  const calling = isObject(config.functionCallingConfig) ? config.functionCallingConfig : undefined
  for (const { name, parameters, parametersJsonSchema } of declared) {
    if (!/^[a-zA-Z_][\w.:-]{0,127}$/.test(stringOf(name))) {
      yield `Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.`
    }
    if (parameters !== undefined && parametersJsonSchema !== undefined) {
      yield 'Only one of parameters and parameters_json_schema may be set.'
    }
  }
  if (calling && declared.length === 0) yield 'Function calling config is set without function_declarations.'
  if (calling?.allowedFunctionNames !== undefined && calling.mode !== 'ANY') {
    yield 'Allowed function names can be set only when mode is ANY.'
  }
  const isAnnounced = config.includeServerSideToolInvocations === true
  if (service === 'gemini-api' && declared.length > 0 && ownTools.length > 0 && !isAnnounced) {
    yield 'Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling.'
  }
}

function* configProblems(config: Json): Generator<string> {
  const thinking = isObject(config.thinkingConfig) ? config.thinkingConfig : {}
  if (thinking.thinkingBudget !== undefined && thinking.thinkingLevel !== undefined) {
    yield 'You can only set only one of thinking budget and thinking level.'
  }
  if (Array.isArray(config.stopSequences) && config.stopSequences.length > 5) {
    yield '* GenerateContentRequest.generation_config.stop_sequences: at most 5 stop sequences are allowed.\n'
  }
  if (typeof config.temperature === 'number' && (config.temperature < 0 || config.temperature > 2)) {
    yield '* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n'
  }
  if (config.responseJsonSchema !== undefined && config.responseMimeType !== 'application/json') {
    yield 'Response schema is set, but the response mime type is not application/json.'
  }
}

/** In the current turn, which is what follows the last text of the user, the first call of each step is signed. */
function* signatureProblems(contents: readonly Json[]): Generator<string> {
  const start = contents.findLastIndex(
    ({ role, parts }) => role === 'user' && objects(parts).every((part) => part.functionResponse === undefined),
  )
  for (const [at, { role, parts }] of contents.entries()) {
    if (at < start || role !== 'model') continue
    const call = objects(parts).find((part) => part.functionCall !== undefined)
    if (!call || stringOf(call.thoughtSignature) !== '') continue
    const name = isObject(call.functionCall) ? stringOf(call.functionCall.name) : ''
    yield `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\` , position ${at + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`
  }
}
