using System.Collections.Frozen;
using System.Text.RegularExpressions;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Explain;

/// <summary>
/// What of a configuration anybody may see. Masked is what an option says is secret (<see cref="SecretAttribute"/>) or is named like a
/// secret; what came from a variable or a file is shown as it is written, and texts lose what looks like credentials.
/// </summary>
internal sealed partial class SecretRules
{
    public const string Mask = "***";

    /// <summary>By names alone, where no component is known.</summary>
    public static readonly SecretRules ByName = new([]);

    private static readonly string[] SecretWords =
    [
        "secret", "password", "passphrase", "passwd", "token", "credential", "authorization", "cookie", "api_key", "apikey", "private_key", "hmac",
        "mac_key", "signing_key", "access_key", "encryption_key",
    ];

    private readonly FrozenSet<string> _keys;

    private SecretRules(HashSet<string> keys) => _keys = keys.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>With what the options of these components say of themselves.</summary>
    public static SecretRules Of(IEnumerable<ComponentDescriptor> components)
    {
        var keys = new HashSet<string>();
        var seen = new HashSet<Type>();
        Collect(typeof(ProxyConfig), keys, seen);
        foreach (var type in components.Select(component => component.OptionsType).OfType<Type>())
        {
            Collect(type, keys, seen);
        }

        return new SecretRules(keys);
    }

    /// <summary>Whether an option of this name holds what nobody should see.</summary>
    public bool IsSecret(string name) => _keys.Contains(name) || IsNamedLikeSecret(name);

    /// <summary>As <see cref="IsSecret"/>, by the name alone.</summary>
    public static bool IsNamedLikeSecret(string name)
    {
        var plain = name.Replace('-', '_');
        return SecretWords.Any(word => plain.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether a mapping is a pair, as <c>{ name: x-api-key, value: … }</c>, whose value is secret.</summary>
    public bool IsSecretPair(ConfigMapping mapping) =>
        mapping.Entries.Any(entry => entry.Name is "name" or "key" or "header" && entry.Value is ConfigScalar scalar && IsSecret(scalar.Text));

    /// <summary>A value as it may be shown.</summary>
    /// <param name="scalar">The value.</param>
    /// <param name="isSecret">Whether its option is secret.</param>
    public static string Show(ConfigScalar scalar, bool isSecret)
    {
        if (scalar.IsNull)
        {
            return "";
        }

        if (!isSecret)
        {
            return Clean(scalar.Written);
        }

        // A reference to a variable or a file is no secret itself; its default, and what stands around it, may be.
        return scalar.Written == scalar.Text ? Mask
            : scalar.Written.StartsWith("file:/", StringComparison.Ordinal) ? scalar.Written
            : string.Concat(References.Matches(scalar.Written).Select(reference => Default.Replace(reference.Value, $":-{Mask}}}"))) is { Length: > 0 } shown ? shown
            : Mask;
    }

    /// <summary>A text without the credentials in it: of URLs and connection strings, of Authorization values, private keys.</summary>
    public static string Clean(string text) =>
        text.Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? Mask : Credentials.Replace(text, static match =>
            match.Groups["before"].Value + Mask + match.Groups["after"].Value);

    private static void Collect(Type type, HashSet<string> keys, HashSet<Type> seen)
    {
        if (!seen.Add(type) || ObjectPlan.Of(type) is not { } plan)
        {
            return;
        }

        foreach (var property in plan.Properties)
        {
            if (property.Info.IsDefined(typeof(SecretAttribute), inherit: false))
            {
                keys.Add(property.Key);
            }

            var held = Nullable.GetUnderlyingType(property.Type) ?? property.Type;
            Collect(CollectionForm.EntryOf(held)?.Value ?? CollectionForm.ItemOf(held) ?? held, keys, seen);
        }
    }

    [GeneratedRegex(@"(?<!\$)\$\{[^}]*\}")]
    private static partial Regex References { get; }

    [GeneratedRegex(@":-[^}]*\}")]
    private static partial Regex Default { get; }

    [GeneratedRegex(
        @"(?<before>://)[^/@\s]+(?<after>@)|(?<before>\b(?:bearer|basic)\s+)(?!\$\{)[A-Za-z0-9+/=._~-]{6,}|(?<before>\b(?:password|passwd|pwd|secret|token|api[_-]?key)\s*=\s*)(?!\$\{)[^;&\s""']+",
        RegexOptions.IgnoreCase)]
    private static partial Regex Credentials { get; }
}
