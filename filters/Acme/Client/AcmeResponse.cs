using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FilterProxy.Filters.Acme.Client;

/// <summary>An answer of the CA, read whole.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Location">Where the resource is; null for none.</param>
/// <param name="RetryAfter">How long to wait before asking again; null for no wish.</param>
/// <param name="Alternates">Links with <c>rel="alternate"</c>.</param>
/// <param name="Body">The body.</param>
internal sealed record AcmeResponse(HttpStatusCode Status, Uri? Location, TimeSpan? RetryAfter, IReadOnlyList<Uri> Alternates, string Body)
{
    private const int Shown = 500;

    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>The body as an object.</summary>
    /// <exception cref="AcmeException">It is none.</exception>
    public JsonObject Json
    {
        get
        {
            try
            {
                return JsonNode.Parse(Body) as JsonObject ?? throw new AcmeException("The CA answered with something else than an object.");
            }
            catch (JsonException e)
            {
                throw new AcmeException("The CA's answer is no JSON.", inner: e);
            }
        }
    }

    /// <summary>What went wrong (RFC 7807, RFC 8555 §6.7).</summary>
    public AcmeException ToException()
    {
        var isFault = (int)Status >= 500 || Status == HttpStatusCode.TooManyRequests;
        try
        {
            if (JsonNode.Parse(Body) is JsonObject problem)
            {
                return new AcmeException(Describe(problem), problem.Text("type"), RetryAfter, isFault);
            }
        }
        catch (JsonException)
        {
            // A gateway's page: its status says it all.
        }

        return new AcmeException($"The CA answered with status {(int)Status}.", "", RetryAfter, isFault);
    }

    /// <summary>A problem document in one line.</summary>
    public static string Describe(JsonObject problem)
    {
        var text = problem.Text("detail") is { Length: > 0 } detail ? detail : problem.Text("type");
        foreach (var sub in problem["subproblems"] as JsonArray ?? [])
        {
            if (sub is JsonObject inner)
            {
                text += $"; {(inner["identifier"] as JsonObject)?.Text("value")}: {inner.Text("detail")}";
            }
        }

        // It goes into the log: neither a page nor lines of somebody else's.
        text = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length > Shown ? text[..Shown] + "…" : text;
    }
}

/// <summary>Reads JSON of others: what is missing or of another type is empty.</summary>
internal static class JsonExtensions
{
    public static string Text(this JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    /// <exception cref="AcmeException">It is no URL.</exception>
    public static Uri Url(this JsonObject json, string name) =>
        json.UrlOrNull(name) ?? throw new AcmeException($"The CA's answer has no URL '{name}'.");

    public static Uri? UrlOrNull(this JsonObject json, string name) => ToUrl(json.Text(name));

    public static IReadOnlyList<Uri> Urls(this JsonObject json, string name) =>
        [.. (json[name] as JsonArray ?? []).OfType<JsonValue>().Select(v => v.TryGetValue<string>(out var text) ? ToUrl(text) : null).OfType<Uri>()];

    private static Uri? ToUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps ? url : null;
}
