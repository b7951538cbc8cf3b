using System.Buffers;
using System.Text;

namespace FilterProxy.Core.Pipeline;

/// <summary>An exchange that is over, as an operator sees it. Without its query, which may hold what nobody should see.</summary>
internal sealed record ExchangeRecord
{
    private static readonly string[] Sources = ["downstream", "upstream", "filter", "internal"];

    /// <summary>When it ended, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>X-Request-Id; null where none is made.</summary>
    public string? RequestId { get; init; }

    /// <summary>Its listener.</summary>
    public required string Listener { get; init; }

    /// <summary>The client's address as far as it is known; null on a unix socket.</summary>
    public string? Client { get; init; }

    /// <summary>Empty where the request could not be read.</summary>
    public required string Method { get; init; }

    public required string Host { get; init; }

    /// <summary>The path routes are compared with.</summary>
    public required string Path { get; init; }

    /// <summary>The status sent; 0 where none was.</summary>
    public required int Status { get; init; }

    /// <summary>The reason code.</summary>
    public required string Reason { get; init; }

    /// <summary>Envoy's response flags: <c>UF,LR</c>; null for none.</summary>
    public string? Flags { get; init; }

    /// <summary>Whose fault it was: <c>downstream</c>, <c>upstream</c>, <c>filter</c>, <c>internal</c>; null where nothing failed.</summary>
    public string? Source { get; init; }

    /// <summary>More about the failure, e.g. <c>connection_refused</c>.</summary>
    public string? Detail { get; init; }

    public string? Route { get; init; }

    public string? Cluster { get; init; }

    /// <summary>The endpoint of the last attempt.</summary>
    public string? Endpoint { get; init; }

    public int Attempts { get; init; }

    public double DurationMs { get; init; }

    /// <summary>Bytes of the request's body.</summary>
    public long RequestBytes { get; init; }

    /// <summary>Bytes of the response's body.</summary>
    public long ResponseBytes { get; init; }

    public static ExchangeRecord Of(ProxyExchange x)
    {
        var request = x.Request;
        var endpoint = x.Stats.Attempts is [.., var last] ? last.Endpoint : x.Peer?.Endpoint;
        return new ExchangeRecord
        {
            Time = x.Services.Time.GetUtcNow(),
            RequestId = request.Headers.TryGet(KnownHeader.XRequestId, out var id) ? Encoding.Latin1.GetString(id) : null,
            Listener = x.Rules.Name,
            Client = x.Downstream.ClientAddress?.ToString(),
            Method = request.MethodText,
            Host = request.AuthorityText,
            Path = PathOf(request),
            Status = x.HasResponseStarted ? x.Response.StatusCode : 0,
            Reason = x.Stats.Reason,
            Flags = FlagsOf(x.Stats.Flags),
            Source = x.Error.IsError ? Sources[(int)x.Error.Source] : null,
            Detail = x.Error.Detail,
            Route = x.RouteName,
            Cluster = x.Cluster?.Name,
            Endpoint = endpoint?.Name,
            Attempts = x.Attempt,
            DurationMs = Math.Round(x.Stats.Duration.TotalMilliseconds, 3),
            RequestBytes = x.Stats.RequestBodyBytes,
            ResponseBytes = x.Stats.ResponseBodyBytes,
        };
    }

    private static string PathOf(RequestHead request)
    {
        // What could not be brought into a form routes are compared with is shown as it came.
        var path = request.Path.IsEmpty ? request.OriginalTarget : request.Path;
        var query = path.IndexOf((byte)'?');
        path = query < 0 ? path : path[..query];
        return path.Contains((byte)'@') && path[0] != (byte)'/' ? "" : Encoding.Latin1.GetString(path);
    }

    private static string? FlagsOf(ResponseFlags flags)
    {
        if (flags == ResponseFlags.None)
        {
            return null;
        }

        var text = new ArrayBufferWriter<byte>(16);
        TemplateFlags.Write(flags, text);
        return Encoding.ASCII.GetString(text.WrittenSpan);
    }
}
