using System.Collections.Frozen;

namespace FilterProxy.Core.Telemetry;

/// <summary>What every limit is called: its key in the configuration, which its metric carries, and its reason code.</summary>
internal static class Limits
{
    private static readonly Entry[] Entries = Build();

    private static readonly FrozenDictionary<string, Limit> ByDetail = Enum.GetValues<Limit>()
        .Where(limit => Entries[(int)limit].Detail.Length > 0)
        .ToFrozenDictionary(limit => Entries[(int)limit].Detail);

    /// <summary>The reason code of exchanges it ended; empty for what ends no exchange.</summary>
    public static string ReasonOf(Limit limit) => Entries[(int)limit].Reason;

    /// <summary>The code by which errors name it; null for none, as where nothing was reached.</summary>
    public static string? DetailOf(Limit limit) => limit == Limit.None ? null : Entries[(int)limit].Detail;

    /// <summary>The configuration key, with what it stands in where two have the same name.</summary>
    public static string KeyOf(Limit limit) => Entries[(int)limit].Key;

    /// <summary>Whether it keeps a request out because the proxy as a whole has too much to do.</summary>
    public static bool IsOverload(Limit limit) => limit is >= Limit.OverloadShed and <= Limit.OverloadQueueDeadline;

    /// <summary>Whether it is a time.</summary>
    public static bool IsTimeout(Limit limit) => limit >= Limit.TlsHandshake;

    /// <summary>The limit behind an error; none for one that has to do with no limit.</summary>
    public static Limit Of(in ProxyError error) => error.Kind switch
    {
        ProxyErrorKind.BodyTooLarge => Limit.RequestBody,
        _ => error.Detail is { } detail && ByDetail.TryGetValue(detail, out var limit) ? limit : Limit.None,
    };

    private static Entry[] Build()
    {
        var entries = new Entry[Enum.GetValues<Limit>().Length];
        void Add(Limit limit, string key, string reason = "", string? detail = null) =>
            entries[(int)limit] = new Entry(key, reason, detail ?? reason);

        Add(Limit.None, "");
        Add(Limit.RequestLine, "request_line", "uri_too_long", "start_line_too_long");
        Add(Limit.RequestHead, "request_head", "head_too_large");
        Add(Limit.HeaderCount, "header_count", "too_many_headers", "too_many_fields");
        Add(Limit.HeaderSize, "header_size", "header_too_large", "field_too_large");
        Add(Limit.RequestBody, "request_body", "body_too_large");
        Add(Limit.RequestBodyRate, "request_body_rate", "request_too_slow");
        Add(Limit.ResponseBodyRate, "response_body_rate", "client_too_slow");
        Add(Limit.Connections, "connections");
        Add(Limit.ConnectionsInAll, "connections_in_all");
        Add(Limit.ConnectionsPerClient, "connections_per_client");
        Add(Limit.RequestsPerConnection, "requests_per_connection");
        Add(Limit.Descriptors, "descriptors");
        Add(Limit.TlsHandshakes, "tls.max_handshakes");
        Add(Limit.ControlFrames, "http2.control_frames");
        Add(Limit.OverloadShed, "overload.shed", "overload_low_priority");
        Add(Limit.OverloadQueueSize, "overload.queue.size", "overload_queue_full");
        Add(Limit.OverloadQueueTarget, "overload.queue.target", "overload_queue_delay");
        Add(Limit.OverloadQueueDeadline, "overload.queue.deadline", "overload_queue_deadline");
        Add(Limit.OverloadClose, "overload.close");
        Add(Limit.OverloadRefuse, "overload.refuse");
        Add(Limit.ResponseHead, "response_head", "response_head_too_large");
        Add(Limit.PoolMax, "cluster.pool.max", "pool_exhausted");
        Add(Limit.MaxConnections, "cluster.limits.max_connections", "too_many_connections");
        Add(Limit.MaxRequests, "cluster.limits.max_requests", "too_many_requests");
        Add(Limit.EndpointRequests, "cluster.limits.max_requests_per_endpoint", "endpoints_full");
        Add(Limit.MaxPending, "cluster.limits.max_pending", "too_many_pending");
        Add(Limit.RetryBudget, "cluster.retry.budget", "retry_budget");
        Add(Limit.MaxRetries, "cluster.limits.max_retries", "too_many_retries");
        Add(Limit.CircuitBreaker, "cluster.circuit_breaker", "circuit_open");
        Add(Limit.TlsHandshake, "tls.handshake_timeout");
        Add(Limit.HeaderTimeout, "header_timeout", "request_head_timeout");
        Add(Limit.IdleTimeout, "idle_timeout");
        Add(Limit.BodyTimeout, "body_timeout", "request_body_timeout");
        Add(Limit.WriteTimeout, "write_timeout", "client_write_timeout");
        Add(Limit.UpgradeIdleTimeout, "upgrade_idle_timeout", "upgrade_idle_timeout");
        Add(Limit.UpgradeDuration, "upgrade_duration", "upgrade_duration");
        Add(Limit.ConnectionDuration, "connection_duration");
        Add(Limit.Connect, "cluster.connect_timeout", "connect_timeout");
        Add(Limit.UpstreamHandshake, "cluster.tls.handshake_timeout", "upstream_handshake_timeout");
        Add(Limit.UpstreamResponse, "cluster.response_timeout", "upstream_response_timeout");
        Add(Limit.UpstreamRead, "cluster.read_timeout", "upstream_read_timeout");
        Add(Limit.UpstreamWrite, "cluster.write_timeout", "upstream_write_timeout");
        Add(Limit.PerTry, "route.per_try", "per_try_timeout");
        Add(Limit.PendingTimeout, "cluster.limits.pending_timeout", "pending_timeout");
        Add(Limit.RouteTotal, "route.total", "route_timeout");
        Add(Limit.RouteIdle, "route.idle", "stream_idle_timeout");
        return entries;
    }

    private sealed record Entry(string Key, string Reason, string Detail);
}
