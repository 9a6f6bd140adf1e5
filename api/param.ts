/** The path of a field as the contract writes it: `messages[2].content[0].tool_use_id`. */
export function paramOf(path: readonly (string | number)[]): string {
  let param = ''
  for (const part of path) {
    // A key of the caller's may be of any length.
    const segment = typeof part === 'number' ? part : part.slice(0, 200)
    if (typeof segment === 'number') param += `[${segment}]`
    else if (!/^[A-Za-z_$][\w$-]*$/.test(segment)) param += `[${JSON.stringify(segment)}]`
    else param += param === '' ? segment : `.${segment}`
  }
  return param
}
