const usage = `VAI Gateway: every language model behind the Anthropic Messages API.

Usage: vai <command> [options]

Commands:
  serve            Start the gateway.
  config           Print every setting with its value, default and meaning.
  keys             Make, list and revoke gateway keys; see vai keys --help.
  live             Play recordings of live sessions again; see vai live --help.
  help             Print this.
  version          Print the version.

Options:
  -c, --config <file>   A YAML file with settings; VAI_CONFIG does the same. The environment wins over the file.
  -h, --help            Print this.
  -v, --version         Print the version.

Settings are environment variables that begin with VAI_, and keys of providers such as ANTHROPIC_API_KEY.`

const keysUsage = `The keys by which callers use the gateway. Only their hashes are kept.

Usage: vai keys <command> [options]

Commands:
  create [id]      Make a key and print it, this once. Without a file it prints the record for VAI_GATEWAY_KEYS.
  list             List the keys.
  show <id>        Print what is known of a key.
  rotate <id>      Put a new key in the place of one, which stays good for a while.
  revoke <id>      Turn a key off.

Options:
  -f, --file <file>     The file of keys, YAML or JSON. Default: VAI_GATEWAY_KEYS_FILE.
  -c, --config <file>   A YAML file with settings, as for vai serve.
      --json            Print JSON.

Of create:
      --tenant <name>      Whose the key is. A tenant that is new is added to the file.
      --project <name>     What it is for.
      --role <role>        client (the default) or admin.
      --limit <name=n>     A limit of the key, such as requests_per_minute=100; may be given several times.
      --models <list>      The models that it may use: demo/echo,anthropic/*
      --providers <list>   The providers that it may use: anthropic,openai
      --tools <list>       The tools that it may use in runs: vai_web_search,crm_*
      --expires <when>     Until when it is good: 12h, 30d, 8w, or a day as 2027-01-31.

Of rotate:
      --grace <time>       How long the old key stays good: 24h by default, 0 for not at all.
      --expires <when>     Until when the new one is good. Default: as before.

Of revoke:
      --delete             Remove the key from the file as well.`

const liveUsage = `Conversations over /v1/live.

Usage: vai live <command> [options]

Commands:
  replay <file>    Play the recording of a session again, which VAI_LIVE_TRACE_DIR keeps: print what happened and what was
                   done about it. Ends with 1 where something else would be done today.

Options:
      --check      Print only whether the same would be done.
  -h, --help       Print this.`

/** By what is asked about. */
export const usages = { vai: usage, keys: keysUsage, live: liveUsage } as const
