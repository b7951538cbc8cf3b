using System.ComponentModel.DataAnnotations;
using System.Text;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.ApiKey;

/// <summary>Options of <see cref="ApiKeyFilter"/>.</summary>
public sealed record ApiKeyOptions : IValidatableObject
{
    /// <summary>The keys.</summary>
    public IReadOnlyList<ApiKeyEntry> Keys { get; init; } = [];

    /// <summary>A file of further keys: JSON, `{ "keys": [ … ] }` with the same members. A change of the file is taken over.</summary>
    public string? KeysFile { get; init; }

    /// <summary>A redis with further keys: at `redis_prefix` and the key's hash (`sha256:…`) the JSON of an entry of the file without `hash`.</summary>
    public RedisOptions? Redis { get; init; }

    /// <summary>What stands before the hash in redis. Default: `api_key:`.</summary>
    public string RedisPrefix { get; init; } = "api_key:";

    /// <summary>How long a key that redis had is not asked for again; so long one that was taken away may still pass. Default: 30s.</summary>
    public TimeSpan RedisRemember { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The field a key is in; empty for none. Default: x-api-key.</summary>
    public string Header { get; init; } = "x-api-key";

    /// <summary>The word before the key there, e.g. `ApiKey` in `authorization`; empty for none.</summary>
    public string Scheme { get; init; } = "";

    /// <summary>The cookie a key is in. Default: none.</summary>
    public string? Cookie { get; init; }

    /// <summary>The parameter of the query a key is in, not percent-encoded: it will stand in logs and histories. Default: none.</summary>
    public string? Query { get; init; }

    /// <summary>Scopes a key must have, all of them.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Whether requests without a key pass, as nobody. Default: false.</summary>
    public bool Optional { get; init; }

    /// <summary>Whether the upstream gets the key too. Default: false.</summary>
    public bool Forward { get; init; }

    /// <summary>Request header that tells the upstream the owner; empty tells nothing. What clients send there is taken away. Default: x-api-owner.</summary>
    public string OwnerHeader { get; init; } = "x-api-owner";

    /// <summary>What the client is told it asked for. Default: api.</summary>
    public string Realm { get; init; } = "api";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Keys.Count == 0 && KeysFile is null && Redis is null)
        {
            yield return new("keys, keys_file or redis must have a key", [nameof(Keys)]);
        }

        if (Header.Length == 0 && Cookie is null && Query is null)
        {
            yield return new("one of header, cookie and query must say where keys are", [nameof(Header)]);
        }

        foreach (var name in new[] { Header, OwnerHeader }.Where(name => name.Length > 0 && !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))))
        {
            yield return new($"'{name}' is no header name", [nameof(Header)]);
        }

        if (Realm.Any(c => c is < ' ' or > '~' or '"' or '\\'))
        {
            yield return new("must be visible ASCII without quotes and backslashes", [nameof(Realm)]);
        }
    }
}
