using System.Text.Json;

namespace FilterProxy.ScenarioTests.Admin;

/// <summary>Options that hold secrets, by their names or because they say so.</summary>
public sealed record SecretiveOptions
{
    [Secret]
    public IReadOnlyDictionary<string, string> Users { get; init; } = new Dictionary<string, string>();

    [Secret]
    public string Phrase { get; init; } = "";

    public string ClientSecret { get; init; } = "";

    public string Store { get; init; } = "";

    public string Database { get; init; } = "";

    public string Note { get; init; } = "";

    public IReadOnlyList<SecretivePair> Fields { get; init; } = [];
}

/// <summary>A field with its value.</summary>
public sealed record SecretivePair
{
    public string Name { get; init; } = "";

    public string Value { get; init; } = "";
}

/// <summary>Has secrets and shows something else.</summary>
[Component("secretive")]
public sealed class SecretiveFilter(SecretiveOptions options) : IRequestFilter, IAdminView
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) => new(FilterStatus.Continue);

    public void WriteView(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("users", options.Users.Count);
        writer.WriteEndObject();
    }
}
