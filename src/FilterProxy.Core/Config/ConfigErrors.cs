using System.Globalization;

namespace FilterProxy.Core.Config;

/// <summary>Everything that is wrong with a configuration, in the order of the file, each thing once.</summary>
internal sealed class ConfigErrors
{
    private readonly HashSet<ConfigError> _errors = [];

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

    public void Add(SourceLocation location, string message, string? hint = null) => _errors.Add(new ConfigError(location, message, hint));

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
}
