using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace FilterProxy.Filters.Script;

/// <summary>What a case says a request looks like.</summary>
internal sealed record CaseRequest
{
    public string Method { get; init; } = "GET";

    public string Scheme { get; init; } = "https";

    public string Host { get; init; } = "example.com";

    /// <summary>With the query.</summary>
    public string Path { get; init; } = "/";

    public string ClientIp { get; init; } = "192.0.2.1";

    public string? Route { get; init; }

    public string? User { get; init; }

    public Dictionary<string, string> Headers { get; init; } = [];

    public Dictionary<string, string> Cookies { get; init; } = [];

    public Dictionary<string, string> Claims { get; init; } = [];

    /// <summary>By <c>namespace/key</c>.</summary>
    public Dictionary<string, string> Metadata { get; init; } = [];
}

/// <summary>What a case expects. What it does not name may be anything.</summary>
internal sealed record CaseAnswer
{
    /// <summary>Null for the route's own.</summary>
    public string? Cluster { get; init; }

    public string? Path { get; init; }

    public Dictionary<string, string?>? Headers { get; init; }

    /// <summary>The status of a reply.</summary>
    public int? Reply { get; init; }

    /// <summary>A part of the message of a failure.</summary>
    public string? Error { get; init; }
}

/// <summary>One request, and what the script is to make of it.</summary>
internal sealed record ScriptCase
{
    public required string Name { get; init; }

    public CaseRequest Request { get; init; } = new();

    /// <summary>What <c>now()</c> says.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>What <c>random()</c> says.</summary>
    public double Random { get; init; }

    public required CaseAnswer Expect { get; init; }
}

/// <summary>The cases beside a script: <c>routes.test.json</c>.</summary>
internal sealed record ScriptCases
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>What the script sees as <c>config</c>.</summary>
    public JsonNode? Config { get; init; }

    public required IReadOnlyList<ScriptCase> Cases { get; init; }

    /// <exception cref="JsonException">It is not a file of cases.</exception>
    public static ScriptCases Parse(string text, string file)
    {
        try
        {
            return JsonSerializer.Deserialize<ScriptCases>(text, Format) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new JsonException($"{file}:{(e.LineNumber ?? 0) + 1}: {e.Message}", e);
        }
    }

    /// <summary>Runs one with an engine of its own; returns what is not as expected.</summary>
    /// <exception cref="ScriptException">The script cannot be loaded.</exception>
    public IReadOnlyList<string> Run(ScriptCase one, ScriptSource source)
    {
        var host = new CaseHost(one);

        // What is cold and runs once may be slow: the other limits find out what does not end.
        var limits = ScriptLimits.Of(new ScriptOptions { File = source.Name }) with { Time = TimeSpan.FromSeconds(5) };
        var engine = new ScriptEngine(source, Config?.ToJsonString() ?? "{}", limits, host);
        var problems = new List<string>();
        try
        {
            Compare(one.Expect, engine.DecideRequest(new CaseView(one.Request)), problems);
            if (one.Expect.Error is { } expected)
            {
                problems.Add($"expected the error '{expected}', got none");
            }
        }
        catch (ScriptException e)
        {
            if (one.Expect.Error is not { } expected || !e.Message.Contains(expected, StringComparison.Ordinal))
            {
                problems.Add(e.Message);
            }
        }

        return problems;
    }

    private static void Compare(CaseAnswer expected, ScriptAnswer actual, List<string> problems)
    {
        void Check(string what, string? wanted, string? got)
        {
            if (wanted != got)
            {
                problems.Add($"{what}: expected {wanted ?? "none"}, got {got ?? "none"}");
            }
        }

        Check("reply", expected.Reply?.ToString(), actual.ReplyStatus == 0 ? null : actual.ReplyStatus.ToString());
        Check("cluster", expected.Cluster, actual.Cluster);
        if (expected.Path is not null)
        {
            Check("path", expected.Path, actual.Path);
        }

        foreach (var (name, value) in expected.Headers ?? [])
        {
            var set = (expected.Reply is null ? actual.Headers : actual.ReplyHeaders).LastOrDefault(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            Check($"header {name}", value, set.Value);
        }
    }

    private sealed class CaseHost(ScriptCase one) : IScriptHost
    {
        public double Now() => (one.Now ?? DateTimeOffset.UnixEpoch).ToUnixTimeMilliseconds();

        public double Random() => one.Random;

        public void Write(string level, string text) => Console.Error.WriteLine($"       console.{level}: {text}");
    }
}
