using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>
/// Sizes, rates, times and numbers a client must keep within. Durations and rates: 0 or <c>off</c> is no limit. What is refused, how,
/// and which metric counts it: docs/operations/limits-and-timeouts.md.
/// </summary>
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

    /// <summary>Duration a connection may stay open between requests; over it it is closed without a reply. Default: 75s.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Duration between two reads of a request body; over it 408. Default: 60s.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Bytes per second a client must send of a request body on average while it is waited for, after <c>rate_grace</c>; slower gets
    /// 408. <c>off</c> is no limit: for clients that send a little now and then in one long request. Default: 240B.
    /// </summary>
    public ByteSize? RequestBodyRate { get; init; } = new ByteSize(240);

    /// <summary>Duration between two successful writes to a client that does not read; over it the connection is cut. Default: 60s.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Bytes per second a client must take of a response on average while it is waited for, after <c>rate_grace</c>; a slower one is
    /// cut. <c>off</c> is no limit. Default: 240B.
    /// </summary>
    public ByteSize? ResponseBodyRate { get; init; } = new ByteSize(240);

    /// <summary>
    /// Duration a client may be waited for before <c>request_body_rate</c> and <c>response_body_rate</c> hold, in each message.
    /// Default: 10s.
    /// </summary>
    public TimeSpan RateGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Duration an upgraded connection (WebSocket, CONNECT) may be silent in both directions; over it it is closed. Default: 10m.</summary>
    public TimeSpan UpgradeIdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Duration of an upgraded connection (WebSocket, CONNECT), however busy; over it it is closed. Default: off.</summary>
    public TimeSpan UpgradeDuration { get; init; }

    /// <summary>
    /// Duration a connection may serve requests: the first response after it says <c>Connection: close</c>. Lets load move to other
    /// proxies. Default: 1h.
    /// </summary>
    public TimeSpan ConnectionDuration { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Connections open at a time on one listener; a further one is closed as soon as it is accepted, before TLS. 0 is no limit.
    /// Default: 10000.
    /// </summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int Connections { get; init; } = 10_000;

    /// <summary>
    /// Connections open at a time on all listeners together, as far as this listener may add to them: one that must stay reachable
    /// gets more than the others. Further ones are closed as above. 0 is no limit. Default: 20000.
    /// </summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int ConnectionsInAll { get; init; } = 20_000;

    /// <summary>
    /// Connections one client may have open at a time, on the listeners that have this limit together; further ones are closed as
    /// above. A client is an IPv4 address or an IPv6 /64 network, that of the socket; <c>trusted_proxies</c> are not limited. 0 is
    /// no limit. Default: 0, because behind a balancer that is not a trusted proxy all clients have one address.
    /// </summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int ConnectionsPerClient { get; init; }

    /// <summary>
    /// Bytes of messages held in memory per connection and direction while the other side is slow: beyond it the sender is not read
    /// from. TCP's own buffers are not counted. With <c>io: direct</c> never more than 64KiB. Default: 128KiB.
    /// </summary>
    public ByteSize ConnectionBuffer { get; init; } = ByteSize.FromKiB(128);

    /// <summary>Requests on one connection; the response to the last says <c>Connection: close</c>. 0 is no limit. Default: 0.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int RequestsPerConnection { get; init; }
}
