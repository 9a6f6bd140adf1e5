import type { Matrix } from '../capabilities.ts'
import type { UpstreamSettings } from '../provider.ts'
import { matrix, vertexMatrix } from './capabilities.ts'

/** What differs between the services that answer generateContent. */
export interface GeminiDialect {
  readonly id: string
  /** For people. */
  readonly name: string
  readonly upstream: UpstreamSettings
  readonly matrix: Matrix
  /** The collections that a model may be in, as a path; the first is that of a name which says none. */
  readonly collections: readonly [string, ...string[]]
  /** What stands before the id of a file that is no URI; undefined where files are named by URI alone. */
  readonly fileRoot?: string
  /** Whether the type of a file must be told though its name does not say it. */
  readonly needsMimeType: boolean
  /** The label that `metadata.user_id` becomes. */
  readonly userLabel?: string
  /** Whether the format of a generated image can be chosen. */
  readonly imageFormats: boolean
  /** Whether a search may leave domains out. */
  readonly excludesDomains: boolean
  /** Whether it must be told that its own tools are to be used beside the caller's. */
  readonly announcesServerTools: boolean
  /** Whether countTokens takes a whole request; else it takes some of its fields. */
  readonly countsRequests: boolean
}

/** The Gemini API. */
export const geminiDialect: GeminiDialect = {
  id: 'gem-dev',
  name: 'Gemini API',
  upstream: {
    keyHeader: 'X-Provider-Key-Gemini',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    conventionalName: 'gcp.gemini',
    baseURLVariable: 'VAI_GEMINI_BASE_URL',
    defaultBaseURL: 'https://generativelanguage.googleapis.com/v1beta',
  },
  matrix,
  collections: ['models', 'tunedModels'],
  fileRoot: 'https://generativelanguage.googleapis.com/v1beta/',
  needsMimeType: false,
  imageFormats: false,
  excludesDomains: false,
  announcesServerTools: true,
  countsRequests: true,
}

/** Vertex AI in express mode: a key alone, no project and no region. */
export const vertexDialect: GeminiDialect = {
  id: 'gem-vert',
  name: 'Vertex AI',
  upstream: {
    keyHeader: 'X-Provider-Key-VertexAI',
    keyVariables: ['VERTEXAI_API_KEY'],
    conventionalName: 'gcp.vertex_ai',
    baseURLVariable: 'VAI_VERTEXAI_BASE_URL',
    defaultBaseURL: 'https://aiplatform.googleapis.com/v1',
  },
  matrix: vertexMatrix,
  collections: ['publishers/google/models'],
  needsMimeType: true,
  userLabel: 'user_id',
  imageFormats: true,
  excludesDomains: true,
  announcesServerTools: false,
  countsRequests: false,
}
