using System.Globalization;

namespace FilterProxy.Core.Config;

/// <summary>Everything that is wrong with a configuration, in the order of the file, each thing once.</summary>
internal sealed class ConfigErrors
{
    private const string Hidden = "(hidden)";
    private const int ShortestReplaced = 4;

    private readonly HashSet<ConfigError> _errors = [];
    private readonly HashSet<string> _secrets = new(StringComparer.Ordinal);

    /// <summary>Whether there is nothing wrong.</summary>
    public bool IsEmpty => _errors.Count == 0;

    public int Count => _errors.Count;

    /// <summary>By file, line and column.</summary>
    public IReadOnlyList<ConfigError> Items =>
    [
        .. _errors.OrderBy(error => error.Location.File, StringComparer.Ordinal)
            .ThenBy(error => error.Location.Line)
            .ThenBy(error => error.Location.Column)
            .ThenBy(error => error.Message, StringComparer.Ordinal),
    ];

    public void Add(SourceLocation location, string message, string? hint = null) =>
        _errors.Add(new ConfigError(location, Censor(message), hint is null ? null : Censor(hint)));

    /// <summary>A text that no message may show from here on: what a component says about its options quotes them.</summary>
    public void Hide(string secret) => _secrets.Add(secret);

    /// <summary>One error per line, then how many there are; empty when there are none.</summary>
    public override string ToString()
    {
        if (IsEmpty)
        {
            return "";
        }

        var count = Count == 1 ? "1 error" : string.Create(CultureInfo.InvariantCulture, $"{Count} errors");
        return string.Join('\n', Items.Select(error => error.ToString()).Append(count));
    }

    private string Censor(string message)
    {
        // The longest first: one may be part of another. A very short one hides within any sentence; only quoted does it stand out.
        foreach (var secret in _secrets.Where(secret => secret.Length > 0).OrderByDescending(secret => secret.Length))
        {
            message = secret.Length >= ShortestReplaced
                ? message.Replace(secret, Hidden, StringComparison.Ordinal)
                : message.Replace($"'{secret}'", Hidden, StringComparison.Ordinal);
        }

        return message;
    }
}
