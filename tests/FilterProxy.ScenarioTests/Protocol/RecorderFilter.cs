using System.Collections.Concurrent;
using System.Text;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>Where a <see cref="RecorderFilter"/> writes to.</summary>
public sealed record RecorderOptions
{
    /// <summary>Names the recording.</summary>
    public string Id { get; init; } = "";
}

/// <summary>Writes down what it is told, and fails where the request asks for it.</summary>
[Component("recorder")]
public sealed class RecorderFilter(RecorderOptions options) : IRequestFilter, IResponseFilter, ILoggingFilter
{
    private static readonly ConcurrentDictionary<string, ConcurrentQueue<string>> Recordings = new();

    public static ConcurrentQueue<string> Of(string id) => Recordings.GetOrAdd(id, _ => new());

    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        switch (Encoding.ASCII.GetString(exchange.Request.Path))
        {
            case "/throw":
                throw new InvalidOperationException("as asked");
            case "/reply":
                exchange.Reply(418, "teapot");
                return new(FilterStatus.Stop);
            case "/stop":
                return new(FilterStatus.Stop);
            default:
                return new(FilterStatus.Continue);
        }
    }

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        Of(options.Id).Enqueue($"response {exchange.Response.StatusCode}");
        exchange.Response.Headers.Set("x-seen", "1");
        return Encoding.ASCII.GetString(exchange.Request.Path) == "/throw-late" ? throw new InvalidOperationException("as asked") : default;
    }

    public void OnLogging(HttpExchange exchange) => Of(options.Id).Enqueue($"log {exchange.Response.StatusCode} {exchange.Stats.Reason}");
}
