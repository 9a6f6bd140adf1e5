/** Every code that an issue of a request can have, with what it says. */
export const issueCodes = {
  unknown_field: 'The object has no such field',
  unknown_block_type: 'There is no such block',
  unknown_source_type: 'There is no such source',
  unknown_tool_type: 'There is no such tool',
  unknown_tool_choice: 'There is no such choice of tools',
  unknown_thinking_type: 'There is no such way of thinking',
  unknown_type: 'There is no such type',
  unsupported_block_type: 'The block may not stand here',
  required: 'The field is missing',
  empty: 'The value is empty',
  invalid_type: 'The value is of another type',
  invalid_enum: 'The value is none of those that are allowed',
  out_of_range: 'The value is too small or too large',
  too_large: 'The value is too long or has too many items',
  invalid: 'The value does not fit the schema in another way',
  unsupported_media_type: 'The source is of a media type that cannot be used',
  invalid_base64: 'The source is not base64',
  invalid_url: 'The source is not a URL of the web',
  duplicate_key: 'The key stands twice in its object',
  number_not_exact: 'The number would be rounded by being read',
  number_out_of_range: 'The number is too large to be read',
  too_deep: 'The body is nested deeper than 128 levels',
  too_many_values: 'The body holds more than 250,000 values',
  first_message_role: "The first message is not the user's",
  block_not_allowed_for_role: 'The block belongs to another role',
  tool_use_not_found: 'A result answers no earlier call',
  tool_not_found: 'The chosen tool is not among the tools',
  duplicate: 'The name stands twice',
  function_config_not_allowed: 'A function tool takes no config',
  conflict: 'Two things exclude one another',
  invalid_model: 'The model is not written as provider/name',
  unknown_provider: 'There is no such provider',
  unknown_model: 'There is no such model',
  unsupported_block: 'The provider or the model cannot take this block',
  unsupported_tool: 'The provider or the model cannot take this tool',
  unsupported_parameter: 'The provider or the model cannot take this field',
  unknown_builtin: 'The gateway has no such tool',
  caller_tool: 'The tool is one that the caller runs, which a run of the gateway cannot',
  stream_has_route: 'A run is streamed by a route of its own',
} as const

export type IssueCode = keyof typeof issueCodes

export function isIssueCode(code: unknown): code is IssueCode {
  return typeof code === 'string' && Object.hasOwn(issueCodes, code)
}
