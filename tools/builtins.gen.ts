// Generated from tools/builtins by `npm run generate`. Do not edit.

import { tool as vaiWebFetch } from './builtins/vai-web-fetch.ts'
import { tool as vaiWebSearch } from './builtins/vai-web-search.ts'
import type { Tool } from './tool.ts'

/** The tools that the gateway brings along, in the order of their files' names. */
export const builtins: readonly Tool[] = [vaiWebFetch, vaiWebSearch]
