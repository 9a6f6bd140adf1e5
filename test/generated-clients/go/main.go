package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	vai "example.com/vai/gateway"
)

func user(content vai.MessageParamContent) vai.MessageParam {
	return *vai.NewMessageParam("user", content)
}

func text(words string) vai.MessageParamContent {
	return vai.StringAsMessageParamContent(&words)
}

func blocks(blocks ...vai.ContentBlockParam) vai.MessageParamContent {
	return vai.ArrayOfContentBlockParamAsMessageParamContent(&blocks)
}

func main() {
	baseURL := "http://127.0.0.1:8080"
	if len(os.Args) > 1 {
		baseURL = os.Args[1]
	}
	configuration := vai.NewConfiguration()
	configuration.Servers = vai.ServerConfigurations{{URL: baseURL}}
	client := vai.NewAPIClient(configuration)
	ctx := context.Background()

	hello := vai.NewMessageRequest("demo/echo", []vai.MessageParam{user(text("Hello, gateway!"))})
	hello.SetMaxTokens(100)
	greeting, _, err := client.MessagesAPI.CreateMessage(ctx).MessageRequest(*hello).Execute()
	check(err)
	var said strings.Builder
	for _, block := range greeting.Content {
		if block.TextBlock != nil {
			said.WriteString(block.TextBlock.Text)
		}
	}

	schema := vai.NewToolInputSchema("object")
	schema.AdditionalProperties = map[string]interface{}{
		"properties": map[string]interface{}{"city": map[string]string{"type": "string"}},
		"required":   []string{"city"},
	}
	getWeather := vai.NewCustomTool("get_weather", *schema)
	getWeather.SetDescription("The weather in a city")
	question := vai.NewTextBlockParam("text", "What is the weather in Paris?")
	ask := vai.NewMessageRequest("demo/tools", []vai.MessageParam{user(blocks(vai.TextBlockParamAsContentBlockParam(question)))})
	ask.SetTools([]vai.Tool{vai.CustomToolAsTool(getWeather)})
	ask.SetCacheControl(*vai.NewCacheControl("ephemeral"))
	answer, _, err := client.MessagesAPI.CreateMessage(ctx).MessageRequest(*ask).Execute()
	check(err)
	calls := []map[string]interface{}{}
	for _, block := range answer.Content {
		if block.ToolUseBlock != nil {
			calls = append(calls, map[string]interface{}{"name": block.ToolUseBlock.Name, "input": block.ToolUseBlock.Input})
		}
	}

	list, _, err := client.ModelsAPI.ListModels(ctx).Execute()
	check(err)
	echo, _, err := client.ModelsAPI.GetModel(ctx, "demo/echo").Execute()
	check(err)

	options := vai.NewRunOptions()
	options.SetMaxTurns(2)
	start := vai.NewRunRequest(*vai.NewMessageRequest("demo/echo", []vai.MessageParam{user(text("Run."))}))
	start.SetRun(*options)
	run, _, err := client.RunsAPI.CreateRun(ctx).RunRequest(*start).Execute()
	check(err)
	roles := []string{}
	for _, message := range run.Result.Messages {
		roles = append(roles, message.Role)
	}

	orphan := vai.NewToolResultBlockParam("tool_result", "toolu_none")
	sunny := "Sunny."
	orphan.SetContent(vai.StringAsToolResultBlockParamContent(&sunny))
	wrong := vai.NewMessageRequest("demo/echo", []vai.MessageParam{user(blocks(vai.ToolResultBlockParamAsContentBlockParam(orphan)))})
	_, response, err := client.MessagesAPI.CreateMessage(ctx).MessageRequest(*wrong).Execute()
	var refused *vai.GenericOpenAPIError
	if !errors.As(err, &refused) {
		log.Fatalf("not refused as the contract says: %v", err)
	}
	failure, ok := refused.Model().(vai.ErrorResponse)
	if !ok {
		log.Fatalf("not the contract's error: %s", refused.Body())
	}

	result, err := json.Marshal(map[string]interface{}{
		"text":         said.String(),
		"stop_reason":  greeting.GetStopReason(),
		"input_tokens": greeting.Usage.GetInputTokens(),
		"calls":        calls,
		"models":       len(list.Data),
		"model":        map[string]interface{}{"id": echo.Id, "demo": echo.GetDemo(), "created": echo.Created},
		"run":          map[string]interface{}{"stop_reason": run.Result.StopReason, "turn_count": run.Result.TurnCount, "roles": roles},
		"error": map[string]interface{}{
			"status":     response.StatusCode,
			"type":       failure.Error.Type,
			"param":      failure.Error.GetParam(),
			"code":       failure.Error.GetCode(),
			"request_id": failure.RequestId,
		},
	})
	check(err)
	fmt.Println(string(result))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
