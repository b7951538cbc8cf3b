namespace FilterProxy;

/// <summary>The status line and fields of one response. Bytes are valid until the exchange ends.</summary>
public sealed class ResponseHead
{
    private readonly HeadBlock _block;
    private ByteRange _reason;
    private int _statusCode;

    internal ResponseHead(HeadBlock block)
    {
        _block = block;
        Headers = new HeaderMap(block);
    }

    /// <summary>The status code, 200 to 599, or 101; 0 while there is no response yet. Changing it drops the reason phrase.</summary>
    public int StatusCode
    {
        get => _statusCode;
        set
        {
            if (_statusCode != value)
            {
                _statusCode = value;
                _reason = default;
            }
        }
    }

    /// <summary>The upstream's reason phrase; empty where there was none: then the status's own is sent.</summary>
    public ReadOnlySpan<byte> ReasonPhrase => _block.Slice(_reason.Start, _reason.Length);

    /// <summary>The protocol the upstream spoke.</summary>
    public HttpVersionKind Version { get; internal set; }

    /// <summary>The header fields.</summary>
    public HeaderMap Headers { get; }

    /// <summary>The trailer fields; complete once the body has ended.</summary>
    public HeaderMap Trailers => TrailersIfAny ??= new HeaderMap(_block);

    // Null as long as nobody has asked: most messages have none.
    internal HeaderMap? TrailersIfAny { get; private set; }

    internal HeadBlock Block => _block;

    internal void SetReason(ByteRange reason) => _reason = reason;

    internal void Reset()
    {
        StatusCode = 0;
        _reason = default;
        Headers.Release();
        TrailersIfAny?.Release();
    }
}
