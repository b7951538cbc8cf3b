using System.CommandLine;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using FilterProxy.Core.Config.Explain;

namespace FilterProxy.Host;

/// <summary><c>filterproxy explain</c>: which listener, route, filters, cluster and endpoint would serve a request, and why.</summary>
internal static class ExplainCommand
{
    /// <summary>Nothing serves the request.</summary>
    public const int NotServed = 3;

    private const int ShownMisses = 20;

    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create(Option<string> config)
    {
        var method = new Argument<string>("method") { Description = "As it is sent: GET" };
        var url = new Argument<string>("url") { Description = "https://example.com/admin/x, or a path" };
        var headers = new Option<string[]>("--header", "-H") { Description = "A header: 'name: value'", DefaultValueFactory = _ => [] };
        var listener = new Option<string>("--listener") { Description = "The listener it comes in by (default: the one that fits the URL)" };
        var from = new Option<string>("--from") { Description = "The peer's address", DefaultValueFactory = _ => "127.0.0.1" };
        var claims = new Option<string[]>("--claim") { Description = "A claim of the user, for filters that ask who it is: 'sub=ada'", DefaultValueFactory = _ => [] };
        var all = new Option<bool>("--all") { Description = $"All other routes, not only the first {ShownMisses}" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("explain", "Say what would become of a request, and why.") { method, url, headers, listener, from, claims, all, json };
        command.SetAction(async (result, _) =>
        {
            if (!ExplainRequest.TryParse(result.GetValue(method)!, result.GetValue(url)!, result.GetValue(headers)!, out var request, out var error)
                || !TryAddress(result.GetValue(from)!, out var address, out error)
                || !ExplainRequest.TryParseUser(result.GetValue(claims)!, out var user, out error))
            {
                Console.Error.WriteLine(error);
                return 1;
            }

            var (loaded, file) = CommandLine.Load(result.GetValue(config));
            request = request with { From = address, Listener = result.GetValue(listener), User = user };
            if (loaded is null || await ProxyHost.ExplainAsync(loaded, file, request) is not { } explanation)
            {
                return CommandLine.ConfigurationError;
            }

            // One write, so that a pipe that closes early sees a whole line or none.
            Console.Out.Write(result.GetValue(json)
                ? JsonSerializer.Serialize(explanation, Layout) + "\n"
                : ExplanationText.Of(explanation, result.GetValue(all) ? int.MaxValue : ShownMisses));
            return explanation.Problem is null ? 0 : NotServed;
        });
        return command;
    }

    private static bool TryAddress(string text, out IPAddress address, out string error)
    {
        var parsed = IPAddress.TryParse(text, out var found);
        (address, error) = (found ?? IPAddress.None, parsed ? "" : $"expected an IP address like '10.0.0.1', got '{text}'");
        return parsed;
    }
}
