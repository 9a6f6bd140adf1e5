import type { UpstreamSettings } from './provider.ts'

/** Where OpenAI is reached and where its key comes from: the same for all that it offers. */
export const openaiUpstream: UpstreamSettings = {
  keyHeader: 'X-Provider-Key-OpenAI',
  keyVariables: ['OPENAI_API_KEY'],
  baseURLVariable: 'VAI_OPENAI_BASE_URL',
  defaultBaseURL: 'https://api.openai.com/v1',
}
