import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import vai.ApiClient;
import vai.ApiException;
import vai.api.MessagesApi;
import vai.api.MessagesApi.APICreateMessageRequest;
import vai.api.ModelsApi;
import vai.api.ModelsApi.APIGetModelRequest;
import vai.api.ModelsApi.APIListModelsRequest;
import vai.api.RunsApi;
import vai.api.RunsApi.APICreateRunRequest;
import vai.model.*;

public class Program {
    static MessageParam user(MessageParamContent content) {
        return new MessageParam().role(MessageParam.RoleEnum.USER).content(content);
    }

    static MessageParamContent blocks(ContentBlockParam... blocks) {
        ContentBlockParams list = new ContentBlockParams();
        list.addAll(List.of(blocks));
        return new MessageParamContent(list);
    }

    static APICreateMessageRequest message(MessageRequest request) {
        return APICreateMessageRequest.newBuilder().messageRequest(request).build();
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(arguments.length > 0 ? arguments[0] : "http://127.0.0.1:8080");
        ObjectMapper json = client.getObjectMapper();
        MessagesApi messages = new MessagesApi(client);
        ModelsApi models = new ModelsApi(client);
        RunsApi runs = new RunsApi(client);

        Message greeting = messages.createMessage(message(new MessageRequest()
            .model("demo/echo")
            .maxTokens(100)
            .addMessagesItem(user(new MessageParamContent("Hello, gateway!")))));
        String text = greeting.getContent().stream()
            .filter(block -> block.getActualInstance() instanceof TextBlock)
            .map(block -> block.getTextBlock().getText())
            .collect(Collectors.joining());

        ToolInputSchema schema = new ToolInputSchema().type(ToolInputSchema.TypeEnum.OBJECT);
        schema.putAdditionalProperty("properties", Map.of("city", Map.of("type", "string")));
        schema.putAdditionalProperty("required", List.of("city"));
        CustomTool getWeather = new CustomTool().name("get_weather").description("The weather in a city").inputSchema(schema);
        TextBlockParam question = new TextBlockParam().type(TextBlockParam.TypeEnum.TEXT).text("What is the weather in Paris?");
        Message answer = messages.createMessage(message(new MessageRequest()
            .model("demo/tools")
            .addMessagesItem(user(blocks(new ContentBlockParam(question))))
            .addToolsItem(new Tool(getWeather))
            .cacheControl(new CacheControl().type(CacheControl.TypeEnum.EPHEMERAL))));
        List<Map<String, Object>> calls = answer.getContent().stream()
            .filter(block -> block.getActualInstance() instanceof ToolUseBlock)
            .map(ContentBlock::getToolUseBlock)
            .map(call -> Map.<String, Object>of("name", call.getName(), "input", call.getInput()))
            .toList();

        ModelList list = models.listModels(APIListModelsRequest.newBuilder().build());
        Model echo = models.getModel(APIGetModelRequest.newBuilder().modelId("demo/echo").build());

        RunRequest start = new RunRequest()
            .request(new MessageRequest().model("demo/echo").addMessagesItem(user(new MessageParamContent("Run."))))
            .run(new RunOptions().maxTurns(2));
        RunResult run = runs.createRun(APICreateRunRequest.newBuilder().runRequest(start).build()).getResult();

        ToolResultBlockParam orphan = new ToolResultBlockParam()
            .type(ToolResultBlockParam.TypeEnum.TOOL_RESULT)
            .toolUseId("toolu_none")
            .content(new ToolResultBlockParamContent("Sunny."));
        int status = 0;
        ErrorResponse failure = new ErrorResponse();
        try {
            messages.createMessage(message(new MessageRequest()
                .model("demo/echo")
                .addMessagesItem(user(blocks(new ContentBlockParam(orphan))))));
        } catch (ApiException refused) {
            status = refused.getCode();
            failure = json.readValue(refused.getResponseBody(), ErrorResponse.class);
        }

        System.out.println(json.writeValueAsString(Map.of(
            "text", text,
            "stop_reason", greeting.getStopReason(),
            "input_tokens", greeting.getUsage().getInputTokens(),
            "calls", calls,
            "models", list.getData().size(),
            "model", Map.of("id", echo.getId(), "demo", echo.getDemo(), "created", echo.getCreated()),
            "run", Map.of(
                "stop_reason", run.getStopReason(),
                "turn_count", run.getTurnCount(),
                "roles", run.getMessages().stream().map(MessageParam::getRole).toList()),
            "error", Map.of(
                "status", status,
                "type", failure.getError().getType(),
                "param", failure.getError().getParam(),
                "code", failure.getError().getCode(),
                "request_id", failure.getRequestId()))));
    }
}
