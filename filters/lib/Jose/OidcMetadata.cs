using System.Text.Json;

namespace FilterProxy.Filters.Jose;

/// <summary>What a provider tells about itself (OpenID Connect Discovery §3, RFC 8414).</summary>
internal sealed class OidcMetadata
{
    private readonly JsonElement _root;
    private readonly ProviderClient _client;

    private OidcMetadata(JsonElement root, ProviderClient client) => (_root, _client) = (root, client);

    /// <summary>Where its keys are.</summary>
    /// <exception cref="InvalidDataException">It does not say, or not by TLS.</exception>
    public Uri Keys => Endpoint("jwks_uri");

    /// <summary>Asks a provider.</summary>
    /// <param name="client">How.</param>
    /// <param name="issuer">Its name, as tokens have it.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="InvalidDataException">It answers something else, or for somebody else.</exception>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    public static async Task<OidcMetadata> FetchAsync(ProviderClient client, string issuer, CancellationToken cancel)
    {
        var url = new Uri($"{issuer.TrimEnd('/')}/.well-known/openid-configuration");
        return Read(await client.GetAsync(url, cancel), client, issuer);
    }

    /// <summary>A URL it tells.</summary>
    /// <exception cref="InvalidDataException">It tells none, or one that must not be used.</exception>
    public Uri Endpoint(string name) =>
        !_root.TryGetText(name, out var text) ? throw new InvalidDataException($"the provider tells no {name}")
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && _client.Allows(url) ? url
        : throw new InvalidDataException($"the provider's {name} is no https URL");

    /// <summary>Whether it tells of something.</summary>
    public bool Has(string name) => _root.TryGetText(name, out _);

    /// <summary>Whether it says that it does something.</summary>
    public bool IsTrue(string name) => _root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>The texts of a list it tells; null for none.</summary>
    public IReadOnlyList<string>? ListOf(string name) => _root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
        : null;

    private static OidcMetadata Read(byte[] body, ProviderClient client, string issuer)
    {
        if (!StrictJson.TryParseObject(body, out var root, out var problem))
        {
            throw new InvalidDataException($"the provider's metadata is {problem}");
        }

        // OpenID Connect Discovery §4.3: else one provider could speak for another.
        return root.TryGetText("issuer", out var name) && name == issuer
            ? new OidcMetadata(root, client)
            : throw new InvalidDataException($"the provider calls itself {JwtFailure.Show(name)}, not {JwtFailure.Show(issuer)}");
    }
}
