/** The parts of a generateContent request that are written here. `extensions` may add others. */

export interface Part {
  readonly text?: string
  readonly thought?: true
  readonly thoughtSignature?: string
  readonly inlineData?: Blob
  readonly fileData?: { readonly mimeType?: string; readonly fileUri: string }
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args: Readonly<Record<string, unknown>> }
  readonly functionResponse?: FunctionResponse
  readonly executableCode?: { readonly id?: string; readonly language: string; readonly code: string }
  readonly codeExecutionResult?: { readonly id?: string; readonly outcome: string; readonly output?: string }
}

export interface Blob {
  readonly mimeType: string
  /** Base64. */
  readonly data: string
}

export interface FunctionResponse {
  readonly id?: string
  readonly name: string
  readonly response: Readonly<Record<string, unknown>>
  readonly parts?: readonly { readonly inlineData: Blob }[]
}

export interface Content {
  readonly role: 'user' | 'model'
  /** Those of earlier answers whose kind is not known go back as they came. */
  readonly parts: readonly (Part | Readonly<Record<string, unknown>>)[]
}

export interface Tool {
  readonly functionDeclarations?: readonly FunctionDeclaration[]
  readonly googleSearch?: { readonly excludeDomains?: readonly string[] }
  readonly codeExecution?: Readonly<Record<string, never>>
  readonly urlContext?: Readonly<Record<string, never>>
  readonly fileSearch?: { readonly fileSearchStoreNames: readonly string[]; readonly topK?: number }
}

export interface FunctionDeclaration {
  readonly name: string
  readonly description?: string
  readonly parametersJsonSchema: Readonly<Record<string, unknown>>
}

export interface ToolConfig {
  readonly functionCallingConfig?: { readonly mode: 'AUTO' | 'ANY' | 'NONE'; readonly allowedFunctionNames?: readonly string[] }
  readonly includeServerSideToolInvocations?: true
}

export interface ThinkingConfig {
  readonly includeThoughts?: boolean
  readonly thinkingBudget?: number
  readonly thinkingLevel?: ThinkingLevel
}

export type ThinkingLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'

export interface ImageConfig {
  readonly aspectRatio?: string
  readonly imageSize?: string
  readonly imageOutputOptions?: { readonly mimeType: string }
}
