using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>Sizes and times a client must keep within. Durations: 0 or <c>off</c> is no limit.</summary>
internal sealed record LimitsConfig
{
    /// <summary>Size of the request line; a longer one gets 414. Default: 8KiB.</summary>
    public ByteSize RequestLine { get; init; } = ByteSize.FromKiB(8);

    /// <summary>Size of the request line and all headers; more gets 431. At most 1MiB. Default: 32KiB.</summary>
    public ByteSize RequestHead { get; init; } = ByteSize.FromKiB(32);

    /// <summary>Number of request headers; more gets 431. Default: 100.</summary>
    [Range(1, 10_000, ErrorMessage = "must be between 1 and 10000")]
    public int HeaderCount { get; init; } = 100;

    /// <summary>Size of one request header, name and value; a longer one gets 431. Default: 16KiB.</summary>
    public ByteSize HeaderSize { get; init; } = ByteSize.FromKiB(16);

    /// <summary>
    /// Size of a request body; a larger one gets 413. <c>off</c> is no limit. The default lets ordinary uploads through (a 1 MiB
    /// limit is the setting most often raised) and still keeps one client from filling an upstream's disk. Default: 128MiB.
    /// </summary>
    public ByteSize? RequestBody { get; init; } = ByteSize.FromMiB(128);

    /// <summary>Size of an upstream's status line and headers; more gets 502. Default: 64KiB.</summary>
    public ByteSize ResponseHead { get; init; } = ByteSize.FromKiB(64);

    /// <summary>Duration from the first byte of a request head to its last; over it 408. Default: 15s.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Duration a connection may stay open between requests. Default: 75s.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Duration between two reads of a request body; over it 408. Default: 60s.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Duration between two successful writes to a client that does not read. Default: 60s.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Duration an upgraded connection (WebSocket, CONNECT) may be silent in both directions. Default: 10m.</summary>
    public TimeSpan UpgradeIdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Connections open at a time on one listener; 0 is no limit. Default: 10000.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int Connections { get; init; } = 10_000;

    /// <summary>Requests on one connection before it is closed; 0 is no limit. Default: 0.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int RequestsPerConnection { get; init; }
}
