namespace FilterProxy.Filters.Acme.Client;

/// <summary>The CA refused something, could not be reached, or does not answer as RFC 8555 says.</summary>
internal sealed class AcmeException(string message, string type = "", TimeSpan? retryAfter = null, bool isTransport = false, Exception? inner = null)
    : Exception(message, inner)
{
    private const string Namespace = "urn:ietf:params:acme:error:";

    /// <summary>The CA's own code without its namespace, e.g. <c>rateLimited</c>; empty for none.</summary>
    public string Type { get; } = type.StartsWith(Namespace, StringComparison.Ordinal) ? type[Namespace.Length..] : type;

    /// <summary>How long the CA asks to wait.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Whether the CA was not reached at all, or has a fault of its own: nothing is wrong with what was asked.</summary>
    public bool IsTransport { get; } = isTransport;
}
