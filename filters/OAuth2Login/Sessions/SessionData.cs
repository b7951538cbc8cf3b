using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>What is stored of a login, as JSON.</summary>
internal sealed record SessionData
{
    /// <summary>Random; the same over refreshes.</summary>
    public required string Id { get; init; }

    /// <summary>How often its tokens were refreshed.</summary>
    public int Generation { get; init; }

    /// <summary>Who said so.</summary>
    public required string Issuer { get; init; }

    /// <summary>The client it was said to.</summary>
    public required string ClientId { get; init; }

    /// <summary>The user at the issuer.</summary>
    public required string Subject { get; init; }

    /// <summary>The session at the issuer, if it named it.</summary>
    public string? Sid { get; init; }

    /// <summary>Unix milliseconds of the login.</summary>
    public required long Created { get; init; }

    /// <summary>Unix milliseconds of the last request that counted when it was stored.</summary>
    public required long Seen { get; init; }

    /// <summary>Unix milliseconds at which the tokens were given.</summary>
    public required long TokensSince { get; init; }

    /// <summary>Unix milliseconds at which the access token ends; 0 where the provider did not say.</summary>
    public long TokenEnds { get; init; }

    /// <summary>The scopes granted, with spaces between them.</summary>
    public string Scope { get; init; } = "";

    public required string AccessToken { get; init; }

    public string? RefreshToken { get; init; }

    public string? IdToken { get; init; }

    /// <summary>The claims, a JSON object.</summary>
    public required byte[] Claims { get; init; }

    /// <summary>Names of those that userinfo gave.</summary>
    public IReadOnlyList<string> UserClaims { get; init; } = [];

    public byte[] Write()
    {
        var output = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("id", Id);
            json.WriteNumber("gen", Generation);
            json.WriteString("iss", Issuer);
            json.WriteString("cid", ClientId);
            json.WriteString("sub", Subject);
            WriteIf(json, "sid", Sid);
            json.WriteNumber("iat", Created);
            json.WriteNumber("seen", Seen);
            json.WriteNumber("since", TokensSince);
            json.WriteNumber("exp", TokenEnds);
            json.WriteString("scope", Scope);
            json.WriteString("at", AccessToken);
            WriteIf(json, "rt", RefreshToken);
            WriteIf(json, "it", IdToken);
            json.WritePropertyName("claims");
            json.WriteRawValue(Claims);
            json.WriteStartArray("user");
            foreach (var name in UserClaims)
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; false for what another version wrote.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out SessionData? data)
    {
        data = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            data = new SessionData
            {
                Id = root.GetProperty("id").GetString()!,
                Generation = root.GetProperty("gen").GetInt32(),
                Issuer = root.GetProperty("iss").GetString()!,
                ClientId = root.GetProperty("cid").GetString()!,
                Subject = root.GetProperty("sub").GetString()!,
                Sid = Text(root, "sid"),
                Created = root.GetProperty("iat").GetInt64(),
                Seen = root.GetProperty("seen").GetInt64(),
                TokensSince = root.GetProperty("since").GetInt64(),
                TokenEnds = root.GetProperty("exp").GetInt64(),
                Scope = Text(root, "scope") ?? "",
                AccessToken = root.GetProperty("at").GetString()!,
                RefreshToken = Text(root, "rt"),
                IdToken = Text(root, "it"),
                Claims = System.Text.Encoding.UTF8.GetBytes(root.GetProperty("claims").GetRawText()),
                UserClaims = [.. root.GetProperty("user").EnumerateArray().Select(name => name.GetString()!)],
            };
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static void WriteIf(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? value.GetString() : null;
}
