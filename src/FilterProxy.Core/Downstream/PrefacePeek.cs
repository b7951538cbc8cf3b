using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>What the first bytes of a connection say.</summary>
internal enum PrefaceVerdict
{
    /// <summary>Anything but the preface of HTTP/2, for the HTTP/1 parser to judge.</summary>
    Http1,

    /// <summary>The preface, whole.</summary>
    Http2,

    /// <summary>The client left or was too slow.</summary>
    Gone,
}

/// <summary>
/// Looks at how a cleartext connection begins without taking a byte: HTTP/2 begins with 24 bytes that no HTTP/1 request begins with
/// (RFC 9113 §3.4).
/// </summary>
internal sealed class PrefacePeek : IHeartbeatTarget, IDrainable
{
    private readonly ConnectionContext _connection;
    private readonly ConnectionEntry _entry;
    private readonly ProxyServices _services;
    private readonly PipeReader _input;
    private readonly long _timeout;
    private Deadline _deadline;
    private volatile bool _timedOut;

    public PrefacePeek(ConnectionContext connection, ConnectionEntry entry, ListenerRules? rules, ProxyServices services)
    {
        _connection = connection;
        _entry = entry;
        _services = services;
        _input = connection.Transport.Input;
        _timeout = (rules ?? new ListenerRules { Name = "" }).HeaderTimeout;
    }

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public async Task<PrefaceVerdict> RunAsync()
    {
        _services.Connections.Add(this);
        _services.Heartbeat.Add(this);
        _deadline.Arm(_services.Heartbeat, _timeout);
        try
        {
            return _entry.IsDraining ? PrefaceVerdict.Http1 : await PeekAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            return PrefaceVerdict.Gone;
        }
        finally
        {
            _services.Heartbeat.Remove(this);
            _services.Connections.Remove(this);
            while (!_deadline.TrySettle())
            {
                // A late cancellation would end the read of whoever comes next.
                await Hop.OffLoop();
            }
        }
    }

    public void OnHeartbeat(long now)
    {
        if (_deadline.TryFire(now))
        {
            _timedOut = true;
            _input.CancelPendingRead();
            _deadline.EndFiring();
        }
    }

    public bool Holds(ProxySnapshot snapshot) => false;

    /// <summary>The HTTP/1 loop knows how long a connection that has said nothing yet is waited for.</summary>
    public void Drain()
    {
        if (_entry.IsDraining)
        {
            _input.CancelPendingRead();
        }
    }

    public void Abort() => ConnectionReset.Abort(_connection);

    public void Abort(ProxySnapshot snapshot)
    {
    }

    /// <summary>How bytes begin; null while they may still become the preface.</summary>
    public static PrefaceVerdict? Judge(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> begin = stackalloc byte[Preface.Length];
        var length = (int)Math.Min(bytes.Length, Preface.Length);
        bytes.Slice(0, length).CopyTo(begin);
        return !begin[..length].SequenceEqual(Preface[..length]) ? PrefaceVerdict.Http1
            : length == Preface.Length ? PrefaceVerdict.Http2
            : null;
    }

    private async Task<PrefaceVerdict> PeekAsync()
    {
        while (true)
        {
            var read = await _input.ReadAsync();
            var verdict = Judge(read.Buffer);
            if (verdict is null && !read.IsCanceled && !read.IsCompleted)
            {
                _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            // Nothing is examined: who reads next gets what is there at once.
            _input.AdvanceTo(read.Buffer.Start);
            if (_timedOut && verdict is null)
            {
                _services.Limits.Reached(Limit.HeaderTimeout);
                return PrefaceVerdict.Gone;
            }

            return verdict ?? (read.IsCompleted && read.Buffer.IsEmpty ? PrefaceVerdict.Gone : PrefaceVerdict.Http1);
        }
    }
}
