import json
import sys

from vai_gateway import (
    ApiClient,
    ApiException,
    CacheControl,
    Configuration,
    ContentBlockParam,
    CustomTool,
    MessageParam,
    MessageParamContent,
    MessageRequest,
    MessagesApi,
    ModelsApi,
    RunOptions,
    RunRequest,
    RunsApi,
    TextBlock,
    TextBlockParam,
    Tool,
    ToolInputSchema,
    ToolResultBlockParam,
    ToolResultBlockParamContent,
    ToolUseBlock,
)


def user(content):
    return MessageParam(role="user", content=MessageParamContent(content))


base_url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"

with ApiClient(Configuration(host=base_url)) as client:
    messages = MessagesApi(client)
    models = ModelsApi(client)
    runs = RunsApi(client)

    greeting = messages.create_message(
        MessageRequest(model="demo/echo", max_tokens=100, messages=[user("Hello, gateway!")])
    )
    blocks = [block.actual_instance for block in greeting.content]
    text = "".join(block.text for block in blocks if isinstance(block, TextBlock))

    question = TextBlockParam(type="text", text="What is the weather in Paris?")
    get_weather = CustomTool(
        name="get_weather",
        description="The weather in a city",
        input_schema=ToolInputSchema.from_dict(
            {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
        ),
    )
    answer = messages.create_message(
        MessageRequest(
            model="demo/tools",
            messages=[user([ContentBlockParam(question)])],
            tools=[Tool(get_weather)],
            cache_control=CacheControl(type="ephemeral"),
        )
    )
    called = [block.actual_instance for block in answer.content]
    calls = [{"name": block.name, "input": block.input} for block in called if isinstance(block, ToolUseBlock)]

    model_list = models.list_models()
    echo = models.get_model("demo/echo")

    run = runs.create_run(
        RunRequest(
            request=MessageRequest(model="demo/echo", messages=[user("Run.")]),
            run=RunOptions(max_turns=2),
        )
    ).result

    orphan = ToolResultBlockParam(
        type="tool_result", tool_use_id="toolu_none", content=ToolResultBlockParamContent("Sunny.")
    )
    failure = None
    try:
        messages.create_message(MessageRequest(model="demo/echo", messages=[user([ContentBlockParam(orphan)])]))
    except ApiException as error:
        failure = error

print(
    json.dumps(
        {
            "text": text,
            "stop_reason": greeting.stop_reason,
            "input_tokens": greeting.usage.input_tokens,
            "calls": calls,
            "models": len(model_list.data),
            "model": {"id": echo.id, "demo": echo.demo, "created": echo.created},
            "run": {
                "stop_reason": run.stop_reason,
                "turn_count": run.turn_count,
                "roles": [message.role for message in run.messages],
            },
            "error": {
                "status": failure.status,
                "type": failure.data.error.type,
                "param": failure.data.error.param,
                "code": failure.data.error.code,
                "request_id": failure.data.request_id,
            },
        }
    )
)
