namespace FilterProxy;

/// <summary>Thrown by <see cref="Cluster.ConnectAsync"/> and connectors when a peer cannot be reached.</summary>
public sealed class UpstreamException : Exception
{
    /// <summary>Creates one.</summary>
    public UpstreamException(ProxyError error)
        : base($"upstream: {error.Kind}{(error.Detail is null ? "" : " (" + error.Detail + ")")}", error.Cause) => Error = error;

    /// <summary>What went wrong.</summary>
    public ProxyError Error { get; }
}
