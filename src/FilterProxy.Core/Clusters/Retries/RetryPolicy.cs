using FilterProxy.Core.Clusters.LoadBalancing;

namespace FilterProxy.Core.Clusters.Retries;

/// <summary>Which attempts are followed by another, how many, and how long after. Pure rules: who acts on them is the pipeline.</summary>
internal sealed class RetryPolicy
{
    /// <summary>Attempts at the most, whatever rules and filters say.</summary>
    public const int MaxAttempts = 16;

    /// <summary>Attempts after the first, at the most.</summary>
    public int Retries { get; init; } = 1;

    public RetryOn On { get; init; } = RetryOn.ConnectFailure | RetryOn.RefusedStream;

    /// <summary>Statuses besides.</summary>
    public IReadOnlyList<StatusRange> Statuses { get; init; } = [];

    /// <summary>Response fields that ask for another attempt, by name; an empty value stands for any.</summary>
    public IReadOnlyList<(byte[] Name, byte[] Value)> Headers { get; init; } = [];

    /// <summary>gRPC codes, one bit each, where the response's head tells the code.</summary>
    public uint GrpcCodes { get; init; }

    /// <summary>Methods whose requests may be sent again once an endpoint may have seen them.</summary>
    public IReadOnlyList<byte[]> Methods { get; init; } = [];

    /// <summary>The first wait is up to this many milliseconds, the next up to three times that, then seven times …</summary>
    public int BackoffBase { get; init; } = 25;

    /// <summary>No wait is longer.</summary>
    public int BackoffMax { get; init; } = 250;

    /// <summary>The longest wait a response may ask for by Retry-After, in milliseconds; 0 does not look at it.</summary>
    public long RetryAfterMax { get; init; }

    /// <summary>Bytes of a request's body that are kept to be sent again.</summary>
    public int Buffer { get; init; } = 64 * 1024;

    /// <summary>Tells the endpoint the number of the attempt; null where it is not told.</summary>
    public AttemptField? AttemptField { get; init; }

    /// <summary>When a request is sent to another endpoint as well; null for never.</summary>
    public HedgeRule? Hedge { get; init; }

    /// <summary>Keeps retries a part of the traffic.</summary>
    public RetryBudget Budget { get; init; } = new(20, 3);

    /// <summary>Whether requests of a method may be sent again though an endpoint may have acted on them.</summary>
    public bool MayRepeat(ReadOnlySpan<byte> method)
    {
        foreach (var allowed in Methods)
        {
            if (method.SequenceEqual(allowed))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a response is one to try again for.</summary>
    public bool Wants(ResponseHead response)
    {
        var status = response.StatusCode;
        if (status < 300 && Headers.Count == 0 && GrpcCodes == 0 && Statuses.Count == 0)
        {
            return false;
        }

        return (status >= 500 && On.HasFlag(RetryOn.ServerError))
            || (status is 502 or 503 or 504 && On.HasFlag(RetryOn.GatewayError))
            || WantsStatus(status) || WantsFields(response);
    }

    /// <summary>Whether a failure before a response is one to try again for.</summary>
    /// <param name="stage">How far the attempt had come.</param>
    /// <param name="error">What went wrong.</param>
    /// <param name="refused">Whether the endpoint says that it did nothing.</param>
    public bool Wants(UpstreamStage stage, in ProxyError error, bool refused) => error.Kind switch
    {
        _ when refused => On.HasFlag(RetryOn.RefusedStream),
        ProxyErrorKind.ConnectFailed or ProxyErrorKind.ConnectTimeout when stage == UpstreamStage.Connect => On.HasFlag(RetryOn.ConnectFailure),
        ProxyErrorKind.UpstreamClosed or ProxyErrorKind.ConnectFailed => On.HasFlag(RetryOn.Reset),
        ProxyErrorKind.UpstreamTimeout or ProxyErrorKind.ConnectTimeout => On.HasFlag(RetryOn.Timeout),
        _ => false,
    };

    /// <summary>Milliseconds to wait before the retry of a number, from 1: anything up to a bound that doubles, so that many do not come together.</summary>
    public int WaitBefore(int retry)
    {
        var bound = Math.Min(BackoffMax, BackoffBase * ((1L << Math.Min(retry, 20)) - 1));
        return bound <= 0 ? 0 : Dice.Below((int)bound);
    }

    private bool WantsStatus(int status)
    {
        foreach (var range in Statuses)
        {
            if (range.Contains(status))
            {
                return true;
            }
        }

        return false;
    }

    private bool WantsFields(ResponseHead response)
    {
        foreach (var (name, value) in Headers)
        {
            if (response.Headers.TryGet(name, out var found) && (value.Length == 0 || found.SequenceEqual(value)))
            {
                return true;
            }
        }

        return GrpcCodes != 0 && response.Headers.TryGet("grpc-status"u8, out var code)
            && System.Buffers.Text.Utf8Parser.TryParse(code, out uint number, out _) && number < 32 && (GrpcCodes & (1u << (int)number)) != 0;
    }
}
