using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.Options;

/// <summary>What options of a filter make of the last of some requests.</summary>
/// <param name="Options">The filter's, as flow YAML; FOLDER is the test's, HASH a password's hash.</param>
/// <param name="Requests">A line for method and target, fields, and behind an empty line a body; ZIP in it is <c>plain text</c> and 100 KB of numbers, compressed.</param>
internal sealed record OptionCase(string Options, params string[] Requests)
{
    /// <summary>What the answer must have, as <see cref="Flatten"/> shows it.</summary>
    public string[] Has { get; init; } = [];

    /// <summary>What it must not have.</summary>
    public string[] Lacks { get; init; } = [];

    /// <summary>What the upstream must come to see in a request's head, in lower case.</summary>
    public string? Sees { get; init; }

    /// <summary>Whether clients come over TLS.</summary>
    public bool OverTls { get; init; }

    /// <summary>Status, fields by lower-case names, and the body.</summary>
    public static string Flatten(RawResponse response) =>
        $"{response.Status}\n{string.Concat(response.Headers.Select(field => $"{field.Key.ToLowerInvariant()}: {field.Value}\n"))}\n{response.Text}";

    /// <summary>A request as it is sent.</summary>
    public static string Write(string request, string zip)
    {
        var parts = request.Replace("ZIP", zip, StringComparison.Ordinal).Split("\n\n", 2);
        var lines = parts[0].Split('\n');
        var body = parts.ElementAtOrDefault(1);
        return $"{lines[0]} HTTP/1.1\r\nHost: a.test\r\n{string.Concat(lines[1..].Select(line => line + "\r\n"))}"
            + (body is null ? "\r\n" : $"Content-Length: {body.Length}\r\n\r\n{body}");
    }
}
