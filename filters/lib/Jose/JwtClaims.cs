using System.Security.Claims;
using System.Text.Json;

namespace FilterProxy.Filters.Jose;

/// <summary>What a token claims (RFC 7519 §4). Immutable and tied to no buffer.</summary>
internal sealed class JwtClaims
{
    private const double LastSecond = 253_402_300_799;

    private readonly JsonMembers? _members;
    private object? _root;

    private JwtClaims(JsonMembers? members, object? root) => (_members, _root) = (members, root);

    /// <summary>All of it. Made when it is asked for first, where it was not needed to read the claims.</summary>
    public JsonElement Root => (JsonElement)(_root ??= JsonElement.Parse(_members!.Text, StrictJson.Options));

    public string? Issuer { get; private set; }

    public string? Subject { get; private set; }

    /// <summary>When it ends (<c>exp</c>); null for never.</summary>
    public DateTimeOffset? Expires { get; private set; }

    /// <summary>When it begins (<c>nbf</c>); null for at once.</summary>
    public DateTimeOffset? NotBefore { get; private set; }

    /// <summary>When it was made (<c>iat</c>); null where it does not say so.</summary>
    public DateTimeOffset? IssuedAt { get; private set; }

    /// <summary>Reads claims; null with why.</summary>
    public static JwtClaims? Read(ReadOnlySpan<byte> utf8, out JwtFailure failure)
    {
        JsonElement root = default;
        var members = JsonMembers.Find(utf8, out var problem);
        if (members is null && (problem.Length > 0 || !StrictJson.TryParseObject(utf8, out root, out problem)))
        {
            failure = new(JwtError.Malformed, $"its payload is {problem}");
            return null;
        }

        var claims = new JwtClaims(members, members is null ? root : null);
        failure = claims.ReadRegistered();
        return failure.Error == JwtError.None ? claims : null;
    }

    /// <summary>A claim by its name, or, where there is none, by a path through objects: <c>realm_access.roles</c>.</summary>
    public bool TryGet(string path, out JsonElement value)
    {
        if (Lacks(path))
        {
            value = default;
            return false;
        }

        if (Root.TryGetProperty(path, out value))
        {
            return true;
        }

        if (!path.Contains('.', StringComparison.Ordinal))
        {
            return false;
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

        return true;
    }

    /// <summary>A claim's values as texts: itself, or the items of a list that are no lists or objects. Empty where there is none.</summary>
    public IEnumerable<string> Texts(string path)
    {
        if (_members is not null && _members.TryGet(path, out var written))
        {
            return written.Texts();
        }

        if (!TryGet(path, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(TextOf).OfType<string>() : TextOf(value) is { } only ? [only] : [];
    }

    /// <summary>Whether a claim is a list.</summary>
    public bool IsList(string path) =>
        _members is not null && _members.TryGet(path, out var written) ? written.Kind == JsonTokenType.StartArray
        : TryGet(path, out var value) && value.ValueKind == JsonValueKind.Array;

    /// <summary>The first of a claim's values; null where there is none.</summary>
    public string? FirstText(string path)
    {
        if (path is "iss" or "sub")
        {
            return path == "iss" ? Issuer : Subject;
        }

        return Texts(path).FirstOrDefault();
    }

    /// <summary>Whether one of a claim's values is one of those that are wanted.</summary>
    public bool HasText(string path, IReadOnlyList<string> wanted)
    {
        if (_members is not null && _members.TryGet(path, out var written))
        {
            return written.HasText(wanted);
        }

        if (!TryGet(path, out var value))
        {
            return false;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return IsOneOf(value, wanted);
        }

        foreach (var item in value.EnumerateArray())
        {
            if (IsOneOf(item, wanted))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A list that may be written as words in one text, as <c>scope</c> is (RFC 8693 §4.2).</summary>
    public IEnumerable<string> Words(string path) => Texts(path).SelectMany(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <inheritdoc cref="ToIdentity"/>
    public ClaimsPrincipal ToPrincipal(string scheme, string roleType = "roles") => new(ToIdentity(scheme, roleType));

    /// <summary>Whom it says the bearer is: every claim under its own name, lists as one claim an item, objects as JSON.</summary>
    /// <param name="scheme">How it was proved, e.g. <c>jwt</c>.</param>
    /// <param name="roleType">The name of the claim that has roles.</param>
    public ClaimsIdentity ToIdentity(string scheme, string roleType = "roles")
    {
        var identity = new ClaimsIdentity(scheme, "sub", roleType);
        foreach (var member in Root.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Array)
            {
                Add(identity, member.Name, member.Value);
                continue;
            }

            var name = member.Name;
            foreach (var item in member.Value.EnumerateArray())
            {
                Add(identity, name, item);
            }
        }

        return identity;
    }

    private JwtFailure ReadRegistered()
    {
        // RFC 7519 §4.1: registered claims of the wrong type are not ignored: the next reader may take them for something.
        string? subject = null;
        DateTimeOffset? begins = null, made = null;
        var noText = !TryText("iss"u8, out var issuer) ? "iss" : !TryText("sub"u8, out subject) ? "sub" : !TryText("jti"u8, out _) ? "jti" : "";
        var noTime = !TryTime("exp"u8, out var expires) ? "exp" : !TryTime("nbf"u8, out begins) ? "nbf" : !TryTime("iat"u8, out made) ? "iat" : "";
        (Issuer, Subject, Expires, NotBefore, IssuedAt) = (issuer, subject, expires, begins, made);
        return noText.Length + noTime.Length == 0 ? default
            : new(JwtError.Malformed, noText.Length > 0 ? $"its {noText} is no text" : $"its {noTime} is no time");
    }

    // True where it is missing, which is not wrong.
    private bool TryText(ReadOnlySpan<byte> name, out string? text)
    {
        if (_members is not null)
        {
            var isThere = _members.TryGet(name, out var written);
            text = written.Kind == JsonTokenType.String ? written.ToString() : null;
            return !isThere || text is not null;
        }

        var found = Root.TryGetProperty(name, out var value);
        var isText = value.ValueKind == JsonValueKind.String;
        text = isText ? value.GetString() : null;
        return !found || isText;
    }

    private bool TryTime(ReadOnlySpan<byte> name, out DateTimeOffset? time)
    {
        time = null;
        double seconds;
        if (_members is not null)
        {
            if (!_members.TryGet(name, out var written))
            {
                return true;
            }

            if (!written.TryGetNumber(out seconds))
            {
                return false;
            }
        }
        else if (!Root.TryGetProperty(name, out var value))
        {
            return true;
        }
        else if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out seconds))
        {
            return false;
        }

        if (seconds is not (>= 0 and <= LastSecond))
        {
            return false;
        }

        time = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        return true;
    }

    // By its text alone, before anything is made of it. A path may lead into an object.
    private bool Lacks(string path) => _members is not null && !path.Contains('.', StringComparison.Ordinal) && !_members.TryGet(path, out _);

    private static bool IsOneOf(JsonElement value, IReadOnlyList<string> wanted)
    {
        for (var i = 0; i < wanted.Count; i++)
        {
            if (value.ValueKind == JsonValueKind.String ? value.ValueEquals(wanted[i]) : TextOf(value) == wanted[i])
            {
                return true;
            }
        }

        return false;
    }

    // With the identity as its subject a claim is taken as it is, otherwise as a copy.
    private void Add(ClaimsIdentity identity, string name, JsonElement item)
    {
        var text = TextOf(item);
        identity.AddClaim(new Claim(name, text ?? item.GetRawText(), text is null ? "JSON" : ValueTypeOf(item), Issuer, Issuer, identity));
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
