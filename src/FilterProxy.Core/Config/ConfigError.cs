namespace FilterProxy.Core.Config;

/// <summary>One thing that is wrong with a configuration.</summary>
/// <param name="Location">Where.</param>
/// <param name="Message">What.</param>
/// <param name="Hint">What to do about it, if that is known.</param>
internal sealed record ConfigError(SourceLocation Location, string Message, string? Hint)
{
    /// <summary><c>file:line:column: message (hint)</c>.</summary>
    public override string ToString() => Hint is null ? $"{Location}: {Message}" : $"{Location}: {Message} ({Hint})";
}
