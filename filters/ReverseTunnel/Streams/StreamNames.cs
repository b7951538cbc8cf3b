using System.Net;

namespace FilterProxy.Filters.ReverseTunnel.Streams;

/// <summary>
/// How the two ends name what is no request of a client's. The path is one no client's request may have, which the server sees to; the agent
/// besides looks for its session in the authority, which no client knows.
/// </summary>
internal static class StreamNames
{
    public const string Prefix = "/.well-known/reverse-tunnel/";

    /// <summary>Asks whether the agent is there.</summary>
    public const string Ready = Prefix + "ready";

    /// <summary>Asks what services there are, as soon as they are others.</summary>
    public const string Services = Prefix + "services";

    /// <summary>Before the name of a service to which bytes are relayed.</summary>
    public const string Tcp = Prefix + "tcp/";

    /// <summary>Before the name of a service to which datagrams are relayed, each behind its length.</summary>
    public const string Udp = Prefix + "udp/";

    /// <summary>Before the name of a service to which a visitor and the agent have something to say that the server cannot read.</summary>
    public const string Secret = Prefix + "secret/";

    /// <summary>The client's address, which a service may be told by PROXY protocol.</summary>
    public const string ClientField = "x-filterproxy-tunnel-client";

    /// <summary>The address the client has connected to, which a service may be told besides.</summary>
    public const string ReachedField = "x-filterproxy-tunnel-reached";

    /// <summary>Why there is no stream, in a reply that is none.</summary>
    public const string ReasonField = "x-filterproxy-tunnel-reason";

    /// <summary>A request of the server's own.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string path, string session) => new(method, "http://peer" + path)
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Headers = { Host = session },
    };
}
