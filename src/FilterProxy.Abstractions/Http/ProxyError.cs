namespace FilterProxy;

/// <summary>Whose fault an error is.</summary>
public enum ErrorSource : byte
{
    /// <summary>The client.</summary>
    Downstream,

    /// <summary>The upstream, or the way to it.</summary>
    Upstream,

    /// <summary>A filter.</summary>
    Filter,

    /// <summary>The engine.</summary>
    Internal,
}

/// <summary>An expected failure, as a value. The default value is "no error".</summary>
/// <param name="Kind">What happened; decides status and reason code.</param>
/// <param name="Source">Whose fault it is.</param>
/// <param name="Retryable">Whether another attempt could help and is safe as far as this failure is concerned.</param>
/// <param name="Cause">The exception behind it, for the log only.</param>
/// <param name="Detail">A stable lower_snake_case code that says more than the kind, e.g. <c>bare_lf</c>; for the log only.</param>
public readonly record struct ProxyError(
    ProxyErrorKind Kind, ErrorSource Source, bool Retryable, Exception? Cause = null, string? Detail = null)
{
    /// <summary>Whether there is an error.</summary>
    public bool IsError => Kind != ProxyErrorKind.None;

    /// <summary>The client's fault.</summary>
    public static ProxyError Downstream(ProxyErrorKind kind, string? detail = null, Exception? cause = null) =>
        new(kind, ErrorSource.Downstream, false, cause, detail);

    /// <summary>The upstream's fault.</summary>
    public static ProxyError Upstream(ProxyErrorKind kind, bool retryable = false, string? detail = null, Exception? cause = null) =>
        new(kind, ErrorSource.Upstream, retryable, cause, detail);

    /// <summary>A filter's fault.</summary>
    public static ProxyError Filter(string filter, Exception? cause = null) =>
        new(ProxyErrorKind.FilterFailed, ErrorSource.Filter, false, cause, filter);

    /// <summary>A bug in the engine.</summary>
    public static ProxyError Internal(Exception? cause = null, string? detail = null) =>
        new(ProxyErrorKind.Internal, ErrorSource.Internal, false, cause, detail);
}
