export const usage = `VAI Gateway: every language model behind the Anthropic Messages API.

Usage: vai <command> [options]

Commands:
  serve            Start the gateway.
  config           Print every setting with its value, default and meaning.
  help             Print this.
  version          Print the version.

Options:
  -c, --config <file>   A YAML file with settings; VAI_CONFIG does the same. The environment wins over the file.
  -h, --help            Print this.
  -v, --version         Print the version.

Settings are environment variables that begin with VAI_, and keys of providers such as ANTHROPIC_API_KEY.`
