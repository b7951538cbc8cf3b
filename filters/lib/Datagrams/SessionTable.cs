using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Datagrams;

/// <summary>Makes the session of a client, or says why there is none.</summary>
/// <param name="client">Where a datagram came from; the session may keep it.</param>
/// <param name="address">The address of that.</param>
/// <param name="refusal">Why it is dropped.</param>
internal delegate TSession? SessionOpener<TSession>(SocketAddress client, IPAddress address, out string refusal)
    where TSession : ClientSession;

/// <summary>The sessions of one socket by client, and what each address has of them.</summary>
/// <param name="family">The socket's.</param>
/// <param name="limits">What they are kept to.</param>
/// <param name="time">The clock.</param>
/// <param name="open">Makes one; called under the table's lock.</param>
internal sealed class SessionTable<TSession>(AddressFamily family, SessionLimits limits, TimeProvider time, SessionOpener<TSession> open)
    where TSession : ClientSession
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SocketAddress, TSession> _sessions = [];
    private readonly Dictionary<IPAddress, UdpSource> _sources = [];
    private readonly IPEndPoint _blank = new(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
    private readonly long _start = time.GetTimestamp();

    /// <summary>Seconds on a clock that only goes forward.</summary>
    public double Now => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>The session of a client, made where there is none; otherwise why there is none.</summary>
    /// <param name="client">Where a datagram came from; not kept.</param>
    /// <param name="refusal">Why it is dropped.</param>
    public TSession? Find(SocketAddress client, out string refusal)
    {
        refusal = "";
        lock (_lock)
        {
            _sessions.TryGetValue(client, out var session);
            var address = session?.Address ?? AddressOf(client);
            _sources.TryGetValue(address, out var source);
            if (limits.Rate > 0)
            {
                source ??= _sources[address] = new UdpSource();
                if (!source.TryTake(Now, limits.Rate))
                {
                    refusal = "client_rate";
                    return null;
                }
            }

            if (session is not null)
            {
                return session;
            }

            if (_sessions.Count >= limits.Most || (limits.MostPerAddress > 0 && source?.Sessions >= limits.MostPerAddress))
            {
                refusal = _sessions.Count >= limits.Most ? "max_sessions" : "max_sessions_per_client";
                return null;
            }

            return Open(client, address, source, out refusal);
        }
    }

    /// <summary>A session is over.</summary>
    public void Remove(TSession session)
    {
        lock (_lock)
        {
            if (_sessions.Remove(session.Client) && --_sources[session.Address].Sessions == 0 && limits.Rate == 0)
            {
                _sources.Remove(session.Address);
            }
        }
    }

    /// <summary>Ends what has been quiet for too long, and forgets addresses without sessions.</summary>
    public void Sweep()
    {
        List<TSession> quiet;
        var now = Now;
        lock (_lock)
        {
            quiet = [.. _sessions.Values.Where(session => now - session.LastMove > limits.IdleTimeout.TotalSeconds)];
            foreach (var (address, source) in _sources)
            {
                if (source.Sessions == 0)
                {
                    _sources.Remove(address);
                }
            }
        }

        quiet.ForEach(session => session.End("idle_timeout"));
    }

    /// <summary>Ends all.</summary>
    public void Clear()
    {
        List<TSession> all;
        lock (_lock)
        {
            all = [.. _sessions.Values];
        }

        all.ForEach(session => session.End("stopped"));
    }

    private IPAddress AddressOf(SocketAddress client)
    {
        var address = ((IPEndPoint)_blank.Create(client)).Address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private TSession? Open(SocketAddress client, IPAddress address, UdpSource? source, out string refusal)
    {
        var copy = new SocketAddress(client.Family, client.Size);
        client.Buffer.Span[..client.Size].CopyTo(copy.Buffer.Span);
        if (open(copy, address, out refusal) is not { } session)
        {
            return null;
        }

        source ??= _sources.TryGetValue(address, out var known) ? known : _sources[address] = new UdpSource();
        source.Sessions++;
        _sessions[copy] = session;
        session.Begin();
        return session;
    }
}
