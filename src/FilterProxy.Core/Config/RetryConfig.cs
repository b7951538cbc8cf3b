using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>
/// Which attempts are followed by another, on another endpoint while there is one. Nothing is repeated once a response head went to the
/// client. The route's total timeout includes all of it.
/// </summary>
internal sealed record RetryConfig
{
    // The same objects for all, so that two policies written alike are equal.
    private static readonly IReadOnlyList<RetryCondition> s_on =
        [RetryCondition.ConnectFailure, RetryCondition.Reset, RetryCondition.Timeout, RetryCondition.RefusedStream];

    private static readonly IReadOnlyList<string> s_methods = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

    /// <summary>Attempts after the first, at the most; 0 for none. Default: 2.</summary>
    [Range(0, 15, ErrorMessage = "must be between 0 and 15")]
    public int Retries { get; init; } = 2;

    /// <summary>
    /// What is followed by another attempt: <c>connect_failure</c>, <c>reset</c> (the connection broke before the response head),
    /// <c>timeout</c> (per_try_timeout), <c>refused_stream</c> (HTTP/2), <c>gateway_error</c> (502, 503, 504 and all before),
    /// <c>server_error</c> (500 and above and all before). Default: connect_failure, reset, timeout, refused_stream.
    /// </summary>
    public IReadOnlyList<RetryCondition> On { get; init; } = s_on;

    /// <summary>Statuses besides, single ones or ranges: <c>[429, 520-527]</c>. Default: none.</summary>
    public IReadOnlyList<Clusters.StatusRange> Statuses { get; init; } = [];

    /// <summary>Response headers that ask for another attempt, with their value; an empty one stands for any. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>gRPC statuses, where the response's head tells them. Default: none.</summary>
    public IReadOnlyList<GrpcStatusName> Grpc { get; init; } = [];

    /// <summary>
    /// Methods of requests that may be sent again though an endpoint may have acted on them. A connect that failed and a refused stream are
    /// followed by another attempt whatever the method. Default: GET, HEAD, OPTIONS, TRACE, PUT, DELETE.
    /// </summary>
    public IReadOnlyList<string> Methods { get; init; } = s_methods;

    /// <summary>Duration of the longest wait before the first retry; that of the n-th is up to 2^n - 1 times as long, at random. Default: 25ms.</summary>
    public TimeSpan BackoffBase { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Duration no wait is longer than. Default: 250ms.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Duration of the longest wait a response may ask for by Retry-After; a longer one is not retried. Default: off; not looked at.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>Retries that may be under way in a cluster, in percent of its requests under way. Default: 20.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public int BudgetPercent { get; init; } = 20;

    /// <summary>Retries that may always be under way. Default: 3.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int BudgetMin { get; init; } = 3;

    /// <summary>Sends a request that waits too long for its answer to another endpoint as well. Default: none.</summary>
    public HedgeConfig? Hedge { get; init; }

    /// <summary>Bytes of a request's body that are kept to be sent again; a request with more is not. Default: 64KiB.</summary>
    public ByteSize Buffer { get; init; } = ByteSize.FromKiB(64);

    /// <summary>The header that tells the endpoint the number of the attempt, from 1. Default: none.</summary>
    public string AttemptHeader { get; init; } = "";
}
