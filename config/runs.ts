import { integer } from './setting.ts'

/** How far a run of tools may go, whatever its caller asks for. */
export const runSettings = {
  limit_run_turns: integer('VAI_LIMIT_RUN_TURNS', 32, 1, 1000, 'The most turns of the model that a run may ask for.'),
  limit_run_tool_calls: integer(
    'VAI_LIMIT_RUN_TOOL_CALLS',
    128,
    0,
    10_000,
    'The most calls of tools that a run may ask for. How long a run may take is limited as for any answer, by `limit_stream_ms`.',
  ),
  limit_parallel_tools: integer('VAI_LIMIT_PARALLEL_TOOLS', 8, 1, 64, 'How many tools of one run may run at the same time.'),
  limit_tool_ms: integer(
    'VAI_LIMIT_TOOL_MS',
    120_000,
    1,
    3_600_000,
    'The longest that one call of a tool may take, in milliseconds.',
  ),
  limit_tool_result_bytes: integer(
    'VAI_LIMIT_TOOL_RESULT_BYTES',
    128 * 1024,
    256,
    16 * 1024 ** 2,
    'The longest result of a tool that a model is given, in bytes; what is longer is cut off and says so.',
  ),
}
