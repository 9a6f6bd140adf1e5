/** The path of a field as the contract writes it: `messages[2].content[0].tool_use_id`. */
export function paramOf(path: readonly (string | number)[]): string {
  let param = ''
  for (const segment of path) {
    if (typeof segment === 'number') param += `[${segment}]`
    else if (!/^[A-Za-z_$][\w$-]*$/.test(segment)) param += `[${JSON.stringify(segment.slice(0, 200))}]`
    else param += param === '' ? segment : `.${segment}`
  }
  return param
}
