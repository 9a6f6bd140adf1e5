const usage = `VAI Gateway: every language model behind the Anthropic Messages API.

Usage: vai <command> [options]

Commands:
  serve            Start the gateway.
  config           Print every setting with its value, default and meaning.
  keys             Make, list and revoke gateway keys; see vai keys --help.
  chat             Write with a model; see vai chat --help.
  live             Talk with a model; see vai live --help.
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

const chatUsage = `Write with a model, from the terminal, by a gateway that runs.

Usage: vai chat [options]

Without a gateway: npm start in one terminal, npx vai chat in another. demo/echo needs no keys.

      --url <address>       The gateway. Default: VAI_BASE_URL, else http://127.0.0.1:8080.
      --key <key>           A key of the gateway. Default: VAI_API_KEY, where others do not see it.
      --model <model>       Who answers, as provider/name. Default: VAI_MODEL, else demo/echo.
      --system <text>       What the model is told before everything else.
      --tools <list>        Tools of the gateway's that the model may call: vai_web_search,vai_web_fetch
      --provider-key <provider=VARIABLE>
                            Your own key of a provider, by the variable that holds it: openai=OPENAI_API_KEY. May be given several times.
      --max-tokens <n>      The most tokens of one answer.
      --once <question>     One question; the answer is printed, and that is all. What comes by a pipe is one question, too.
      --json                Every event in JSON, a line each, instead of text.

While it runs, /help tells the commands: /model, /system, /tools, /retry, /history, /usage, /clear, /save, /load, /quit. A line that
ends in \\ goes on in the next one; text of several lines can be pasted. Ctrl-C stops an answer, of which what was said stays; with
nothing to stop, it ends, as Ctrl-D does.

It ends with:
  0    It was ended here, or the question was answered.
  1    The question was not answered, or not to the end.
  2    Something has to be given otherwise: an option, a key, the name of the model.
  3    There is no gateway.
  130  Ctrl-C, before the question was answered; or a signal to end.`

const liveUsage = `Talk with a model over /v1/live of a gateway that runs.

Usage: vai live [options]
       vai live replay <file> [--check]

By default the microphone is heard and the speaker speaks, by sox or by ffmpeg and ffplay. Without any keys the demo answers what
is typed: echo "Good morning" | vai live --text --out answer.wav

Who:
      --url <address>       The gateway. Default: VAI_BASE_URL, else http://127.0.0.1:8080.
      --key <key>           A key of the gateway. Default: VAI_API_KEY, where others do not see it.
      --model <model>       Who answers, as provider/name. Default: demo/echo.
      --voice <voice>       Who speaks, as provider/voice. Default: demo/soft.
      --stt <model>         Who hears, as provider/model. Default: whom the gateway has for it; demo/meter for models of the demo.
      --language <tag>      The language that is spoken, as de or en-GB.
      --system <text>       What the model is told before everything else.
      --tool <name>         A tool of the gateway's that the model may call; may be given several times.
      --provider-key <provider=VARIABLE>
                            Your own key of a provider, by the variable that holds it: deepgram=DEEPGRAM_API_KEY. May be given several times.

What is said and heard:
      --in <file.wav>       A recording is spoken instead of you, as fast as it was spoken. Of several, each follows the answer to the one before.
                            What it says while an answer is spoken interrupts that, unless it is what the assistant is saying itself, which is
                            taken for an echo: with demo/echo, who says something twice may be answered once. Where nothing is understood, it
                            ends 8 seconds after the recording, with 1.
      --out <file.wav>      What would have been heard is written there: with the silence between, and without what was not played.
      --text                Turns are typed, or come out of a pipe, a line each. Nothing is recorded.
      --microphone <device> What sox (AUDIODEV) or ffmpeg (-i) takes for one.
      --speaker <device>    What sox (AUDIODEV) takes for one.
      --headphones          The microphone does not hear the speaker. Without it the gateway takes more care not to hear itself.
      --no-aec              The sound of --in holds what was played.
      --json                Every message in JSON, a line each, instead of captions. Sound is told by its size, and keys are left out.

While it runs: /interrupt, /mute, /unmute, /quit, /help; other lines are said to the model. Ctrl-C ends the session, and a second one
does not wait for that. A line that is lost is resumed for as long as the gateway waits, which is 30 seconds; what the microphone
hears meanwhile is lost. In --text without anything that plays, answers are only shown.

It ends with:
  0    The session ended as it should: it was ended here, or everything was asked and answered.
  1    The session failed, or, with --in or lines out of a pipe, one of the turns did, or was not understood.
  2    Something has to be given otherwise, or is missing on this machine.
  3    There was no session, or it was lost and could not be resumed.
  130  Ctrl-C, before everything was asked and answered, or a second time.

Of replay:
  replay <file>    Play the recording of a session again, which VAI_LIVE_TRACE_DIR keeps: print what happened and what was
                   done about it. Ends with 1 where something else would be done today.
      --check      Print only whether the same would be done.`

/** By what is asked about. */
export const usages = { vai: usage, keys: keysUsage, chat: chatUsage, live: liveUsage } as const
