using System.Text.Json.Nodes;
using FilterProxy.SecLangAdapter;

// Answers one question a line, as the driver of the conformance cases asks them. The argument is the folder of the files that operators name.
var cases = new SecLangCases(args.Length > 0 ? args[0] : ".");
while (Console.ReadLine() is { } line)
{
    Console.WriteLine(cases.Answer(JsonNode.Parse(line)!.AsObject()).ToJsonString());
    Console.Out.Flush();
}
