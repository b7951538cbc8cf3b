namespace FilterProxy.Hosting;

/// <summary>The proxy cannot start: its configuration has errors, or what it needs is taken. The message holds all reasons.</summary>
public sealed class FilterProxyException : Exception
{
    internal FilterProxyException(string message, IReadOnlyList<string> errors, Exception? inner = null)
        : base(message, inner) => Errors = errors;

    /// <summary>The reasons, each with the place it is about.</summary>
    public IReadOnlyList<string> Errors { get; }
}
