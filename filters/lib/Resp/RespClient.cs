using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Resp;

/// <summary>
/// A redis client over a cluster of the configuration. Commands of all callers share one connection per server and follow each other without
/// waiting. No exception for what can be expected: <see cref="RespReply"/> says what became of a command. No command is sent twice when it may
/// have been done.
/// </summary>
internal sealed class RespClient : IDisposable
{
    private const int MostRedirects = 5;
    private readonly ConcurrentDictionary<Endpoint, RespNode> _nodes = new();
    private readonly Cluster _cluster;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly RespNode _any;
    private Endpoint?[]? _slots;
    private int _complained;

    /// <param name="cluster">Whose endpoints the servers are; <see cref="RedisOptions.Cluster"/> names it.</param>
    /// <param name="options">How they are asked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Is told when a server goes away and comes back.</param>
    public RespClient(Cluster cluster, RedisOptions options, TimeProvider time, ILogger log)
    {
        _cluster = cluster;
        _options = options;
        _time = time;
        _log = log;
        _any = new RespNode(cluster.Name, cancel => cluster.ConnectAsync(default, cancel), options, time, log);
    }

    /// <summary>Whether redis was out of reach when it was last tried.</summary>
    public bool IsAway => _any.IsAway;

    /// <summary>Sends a command, where its key belongs; calls of a script give the script to a server that does not know it.</summary>
    public async ValueTask<RespReply> SendAsync(RespCommand command)
    {
        var node = NodeOf(command.Slot);
        var asking = false;
        for (var hop = 0; ; hop++)
        {
            var connection = await node.GetAsync();
            if (connection is null)
            {
                Forget(command.Slot, node);
                return RespReply.Failed(RespFailure.NotConnected);
            }

            var reply = await connection.SendAsync(command, asking);
            asking = false;
            if (reply.IsDone)
            {
                return reply;
            }

            if (hop == MostRedirects)
            {
                return reply.Failure == RespFailure.None && IsRedirect(reply.Value) ? RespReply.Failed(RespFailure.BadRedirect) : reply;
            }

            if (reply.Failure == RespFailure.NotConnected)
            {
                // It ended between the two calls: nothing was sent.
                continue;
            }

            if (reply.Failure != RespFailure.None)
            {
                return reply;
            }

            if (command.Script is { } script && reply.Value.IsErrorOf("NOSCRIPT"u8))
            {
                // In front of the call on the same connection: no round trip more.
                _ = connection.SendAsync(script.Load);
            }
            else if (IsRedirect(reply.Value))
            {
                asking = reply.Value.IsErrorOf("ASK"u8);
                if (Follow(reply.Value.Text, asking) is not { } target)
                {
                    return RespReply.Failed(RespFailure.BadRedirect);
                }

                node = target;
            }
            else if (reply.Value.IsErrorOf("READONLY"u8))
            {
                // A primary that has become a replica: the command was not done, and another endpoint may be the primary now.
                node.Drop();
            }
            else
            {
                return reply;
            }
        }
    }

    public void Dispose()
    {
        _any.Dispose();
        foreach (var node in _nodes.Values)
        {
            node.Dispose();
        }
    }

    private static bool IsRedirect(in RespValue error) => error.IsErrorOf("MOVED"u8) || error.IsErrorOf("ASK"u8);

    private RespNode NodeOf(int slot) => slot >= 0 && _slots?[slot] is { } endpoint ? NodeOf(endpoint) : _any;

    private RespNode NodeOf(Endpoint endpoint) => _nodes.GetOrAdd(
        endpoint,
        static (e, me) => new RespNode(e.Name, cancel => me._cluster.ConnectToAsync(e.Peer with { Protocol = UpstreamProtocol.Http1 }, cancel), me._options, me._time, me._log),
        this);

    // A node that is gone: any other knows better.
    private void Forget(int slot, RespNode node)
    {
        if (slot < 0 || node == _any || _slots is not { } slots)
        {
            return;
        }

        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i]?.Name == node.Name)
            {
                slots[i] = null;
            }
        }
    }

    // "MOVED 3999 127.0.0.1:6381". A server that lies must not send us, and what we hold, where nobody wants us to connect.
    private RespNode? Follow(string redirect, bool once)
    {
        var words = redirect.Split(' ');
        var colon = words.Length < 3 ? -1 : words[2].LastIndexOf(':');
        if (colon > 0 && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var slot) && slot < RespSlots.Count
            && int.TryParse(words[2].AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && Find(words[2][..colon].Trim('[', ']'), port) is { } endpoint)
        {
            if (!once)
            {
                (_slots ??= new Endpoint?[RespSlots.Count])[slot] = endpoint;
            }

            return NodeOf(endpoint);
        }

        if (Interlocked.Exchange(ref _complained, 1) == 0)
        {
            _log.LogWarning("redis {Cluster} answered '{Redirect}', which is no endpoint of the cluster: every node must be one.", _cluster.Name, redirect);
        }

        return null;
    }

    private Endpoint? Find(string host, int port)
    {
        foreach (var endpoint in _cluster.Endpoints.Span)
        {
            if (endpoint.Address switch
            {
                IPEndPoint ip => ip.Port == port && IPAddress.TryParse(host, out var address) && ip.Address.Equals(address),
                DnsEndPoint dns => dns.Port == port && dns.Host.Equals(host, StringComparison.OrdinalIgnoreCase),
                _ => false,
            })
            {
                return endpoint;
            }
        }

        return null;
    }
}
