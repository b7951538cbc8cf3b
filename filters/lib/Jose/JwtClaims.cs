using System.Security.Claims;
using System.Text.Json;

namespace FilterProxy.Filters.Jose;

/// <summary>What a token claims (RFC 7519 §4). Immutable and tied to no buffer.</summary>
internal sealed class JwtClaims
{
    private const double LastSecond = 253_402_300_799;

    private JwtClaims(JsonElement root)
    {
        Root = root;
        Issuer = root.TryGetText("iss", out var issuer) ? issuer : null;
        Subject = root.TryGetText("sub", out var subject) ? subject : null;
    }

    /// <summary>All of it.</summary>
    public JsonElement Root { get; }

    public string? Issuer { get; }

    public string? Subject { get; }

    /// <summary>When it ends; null for never.</summary>
    public DateTimeOffset? Expires => TryGetTime("exp", out var time) ? time : null;

    /// <summary>Reads claims; null with why.</summary>
    public static JwtClaims? Read(ReadOnlySpan<byte> utf8, out JwtFailure failure)
    {
        if (!StrictJson.TryParseObject(utf8, out var root, out var problem))
        {
            failure = new(JwtError.Malformed, $"its payload is {problem}");
            return null;
        }

        // RFC 7519 §4.1: registered claims of the wrong type are not ignored: the next reader may take them for something.
        foreach (var (name, isTime) in (ReadOnlySpan<(string, bool)>)[("iss", false), ("sub", false), ("jti", false), ("exp", true), ("nbf", true), ("iat", true)])
        {
            if (root.TryGetProperty(name, out var value)
                && (isTime ? value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var time) || time is not (>= 0 and <= LastSecond) : value.ValueKind != JsonValueKind.String))
            {
                failure = new(JwtError.Malformed, $"its {name} is no {(isTime ? "time" : "text")}");
                return null;
            }
        }

        failure = default;
        return new JwtClaims(root);
    }

    /// <summary>A claim by its name, or, where there is none, by a path through objects: <c>realm_access.roles</c>.</summary>
    public bool TryGet(string path, out JsonElement value)
    {
        if (Root.TryGetProperty(path, out value))
        {
            return true;
        }

        var parent = Root;
        var names = path.Split('.');
        foreach (var name in names)
        {
            if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out value))
            {
                return false;
            }

            parent = value;
        }

        return names.Length > 1;
    }

    /// <summary>A claim's values as texts: itself, or the items of a list that are no lists or objects. Empty where there is none.</summary>
    public IEnumerable<string> Texts(string path)
    {
        if (!TryGet(path, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(TextOf).OfType<string>() : TextOf(value) is { } only ? [only] : [];
    }

    /// <summary>A list that may be written as words in one text, as <c>scope</c> is (RFC 8693 §4.2).</summary>
    public IEnumerable<string> Words(string path) => Texts(path).SelectMany(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public bool TryGetTime(string name, out DateTimeOffset time)
    {
        var found = Root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number;
        time = found ? DateTimeOffset.UnixEpoch.AddSeconds(value.GetDouble()) : default;
        return found;
    }

    /// <summary>Whom it says the bearer is: every claim under its own name, lists as one claim an item, objects as JSON.</summary>
    /// <param name="scheme">How it was proved, e.g. <c>jwt</c>.</param>
    /// <param name="roleType">The name of the claim that has roles.</param>
    public ClaimsPrincipal ToPrincipal(string scheme, string roleType = "roles")
    {
        var claims = new List<Claim>();
        foreach (var member in Root.EnumerateObject())
        {
            var items = member.Value.ValueKind == JsonValueKind.Array ? member.Value.EnumerateArray().AsEnumerable() : [member.Value];
            claims.AddRange(items.Select(item => TextOf(item) is { } text
                ? new Claim(member.Name, text, ValueTypeOf(item), Issuer)
                : new Claim(member.Name, item.GetRawText(), "JSON", Issuer)));
        }

        return new ClaimsPrincipal(new ClaimsIdentity(claims, scheme, "sub", roleType));
    }

    // Numbers as the issuer wrote them: 1e3 and 1000 are two spellings, and an id is no quantity.
    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    private static string ValueTypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => ClaimValueTypes.Double,
        JsonValueKind.True or JsonValueKind.False => ClaimValueTypes.Boolean,
        _ => ClaimValueTypes.String,
    };
}
