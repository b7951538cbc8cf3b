using System.Collections.ObjectModel;
using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>Where traces and metrics are sent by OTLP.</summary>
internal sealed record OtlpConfig
{
    /// <summary>The receiver, e.g. <c>http://127.0.0.1:4318</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>What it speaks: <c>http</c> (protobuf over HTTP) or <c>grpc</c>. Default: http.</summary>
    public OtlpTransport Protocol { get; init; }

    /// <summary>Header fields sent along, such as a token. Default: none.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Sends traces. Default: true.</summary>
    public bool Traces { get; init; } = true;

    /// <summary>Sends metrics. Default: true.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>Duration between two times metrics are sent. Default: 15s.</summary>
    public TimeSpan MetricsInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The longest that spans are gathered before they are sent; many are sent earlier. Sending costs the same for one and for hundreds.
    /// Default: 5s.
    /// </summary>
    public TimeSpan TracesInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Number of spans that may wait to be sent; what comes then is dropped and counted. Default: 8192.</summary>
    [Range(64, 1_000_000, ErrorMessage = "must be between 64 and 1000000")]
    public int Queue { get; init; } = 8192;

    /// <summary>Duration the receiver may take to answer. Default: 10s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What the receiver calls this proxy. Default: filterproxy.</summary>
    public string ServiceName { get; init; } = "filterproxy";
}
