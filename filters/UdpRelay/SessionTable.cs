using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>The sessions of one listener by client, and what each address has of them.</summary>
internal sealed class SessionTable(UdpRelayOptions options, Cluster cluster, UdpMetrics metrics, TimeProvider time)
{
    // An endpoint nobody was at is tried last for this long.
    private const double AvoidSeconds = 5;
    private readonly Lock _lock = new();
    private readonly Dictionary<SocketAddress, UdpSession> _sessions = [];
    private readonly Dictionary<IPAddress, UdpSource> _sources = [];
    private readonly Dictionary<Endpoint, double> _avoided = [];
    private readonly EndpointNames _names = new();
    private readonly long _start = time.GetTimestamp();

    public UdpMetrics Metrics => metrics;

    public int Responses => options.Responses;

    /// <summary>Seconds on a clock that only goes forward.</summary>
    public double Now => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Sessions open now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>The session of a client, made where there is none; otherwise why there is none.</summary>
    /// <param name="listener">Where answers are sent from.</param>
    /// <param name="client">Where a datagram came from; not kept.</param>
    /// <param name="refusal">Why it is dropped.</param>
    public UdpSession? Find(Socket listener, SocketAddress client, out string refusal)
    {
        refusal = "";
        lock (_lock)
        {
            _sessions.TryGetValue(client, out var session);
            var address = session?.Address ?? AddressOf(listener, client);
            _sources.TryGetValue(address, out var source);
            if (options.ClientRate > 0)
            {
                source ??= _sources[address] = new UdpSource();
                if (!source.TryTake(Now, options.ClientRate))
                {
                    refusal = "client_rate";
                    return null;
                }
            }

            if (session is not null)
            {
                return session;
            }

            if (_sessions.Count >= options.MaxSessions || (options.MaxSessionsPerClient > 0 && source?.Sessions >= options.MaxSessionsPerClient))
            {
                refusal = _sessions.Count >= options.MaxSessions ? "max_sessions" : "max_sessions_per_client";
                return null;
            }

            return Open(listener, client, address, source, out refusal);
        }
    }

    /// <summary>A session is over.</summary>
    public void Remove(UdpSession session, string reason)
    {
        lock (_lock)
        {
            if (_sessions.Remove(session.Client) && --_sources[session.Address].Sessions == 0 && options.ClientRate == 0)
            {
                _sources.Remove(session.Address);
            }
        }

        metrics.Ended(reason);
    }

    /// <summary>New sessions go elsewhere for a while, where there is an elsewhere.</summary>
    public void Avoid(Endpoint endpoint)
    {
        lock (_lock)
        {
            _avoided[endpoint] = Now + AvoidSeconds;
        }
    }

    /// <summary>Ends what has been quiet for too long, and forgets addresses without sessions.</summary>
    public void Sweep()
    {
        List<UdpSession> quiet;
        var now = Now;
        lock (_lock)
        {
            quiet = [.. _sessions.Values.Where(session => now - session.LastMove > options.IdleTimeout.TotalSeconds)];
            foreach (var (address, source) in _sources)
            {
                if (source.Sessions == 0)
                {
                    _sources.Remove(address);
                }
            }

            foreach (var (endpoint, until) in _avoided)
            {
                if (now > until)
                {
                    _avoided.Remove(endpoint);
                }
            }
        }

        quiet.ForEach(session => session.End("idle_timeout"));
    }

    /// <summary>Ends all.</summary>
    public void Clear()
    {
        List<UdpSession> all;
        lock (_lock)
        {
            all = [.. _sessions.Values];
        }

        all.ForEach(session => session.End("stopped"));
    }

    private static IPAddress AddressOf(Socket listener, SocketAddress client)
    {
        var blank = new IPEndPoint(listener.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var address = ((IPEndPoint)blank.Create(client)).Address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private UdpSession? Open(Socket listener, SocketAddress client, IPAddress address, UdpSource? source, out string refusal)
    {
        var context = new PickContext(Key: StableKey(address), Tried: [.. _avoided.Keys]);
        var endpoint = (cluster.Pick(context) ?? cluster.Pick(context with { Tried = null }))?.Endpoint;
        if (endpoint is null)
        {
            refusal = "no_endpoint";
            return null;
        }

        if (_names.Find(endpoint.Address, Now) is not { } target)
        {
            // The client asks again, as it must with UDP; nobody else waits for the name.
            refusal = "resolving";
            return null;
        }

        Socket socket;
        try
        {
            socket = Connect(target);
        }
        catch (SocketException e)
        {
            endpoint.Observe(new Outcome(0, ProxyErrorKind.ConnectFailed, TimeSpan.Zero));
            refusal = e.SocketErrorCode == SocketError.TooManyOpenSockets ? "too_many_open_files" : "connect_failed";
            return null;
        }

        var copy = new SocketAddress(client.Family, client.Size);
        client.Buffer.Span[..client.Size].CopyTo(copy.Buffer.Span);
        var session = new UdpSession(this, listener, socket, copy, address, endpoint);
        source ??= _sources.TryGetValue(address, out var known) ? known : _sources[address] = new UdpSource();
        source.Sessions++;
        _sessions[copy] = session;
        metrics.Began();
        _ = session.RunAsync();
        refusal = "";
        return session;
    }

    private Socket Connect(IPEndPoint target)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (options.SocketBuffer is { } size)
            {
                socket.SendBufferSize = socket.ReceiveBufferSize = (int)size.Bytes;
            }

            socket.Connect(target);
            socket.Blocking = false;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // FNV-1a: the same in every process, so that several proxies agree.
    private static ulong StableKey(IPAddress address)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var b in address.GetAddressBytes())
        {
            hash = (hash ^ b) * 1_099_511_628_211;
        }

        return hash == 0 ? 1 : hash;
    }
}
