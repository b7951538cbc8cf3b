using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Stun;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>
/// Finds a way between two ends that know each other's addresses, both of which may be behind NAT: each sends to all addresses of the other, by which its own router lets answers in. The visitor
/// takes the first way on which both directions work, and has it confirmed.
/// </summary>
internal sealed class Puncher
{
    // Addresses that were not named but heard from: those a router has made up.
    private const int MostHeard = 8;
    private const int FastRounds = 20;
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(50), Slow = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly Dictionary<SocketAddress, PunchWay> _ways = [];
    private readonly Socket _socket;
    private readonly byte[] _ownKey, _peersKey;
    private readonly bool _isVisitor;
    private readonly TimeProvider _time;
    private readonly int _mostWays;
    private readonly IPEndPoint _blank;
    private PunchWay? _chosen;
    private ulong _choice;
    private bool _isAgreed;

    /// <param name="socket">Nobody else may receive by it meanwhile; stays the caller's.</param>
    /// <param name="keys">Of this attempt alone.</param>
    /// <param name="isVisitor">Which of the two ends this is.</param>
    /// <param name="candidates">The other's addresses, as far as they may be sent to.</param>
    /// <param name="time">The clock.</param>
    public Puncher(Socket socket, PunchKeys keys, bool isVisitor, IReadOnlyList<IPEndPoint> candidates, TimeProvider time)
    {
        (_socket, _isVisitor, _time) = (socket, isVisitor, time);
        (_ownKey, _peersKey) = isVisitor ? (keys.Visitor, keys.Agent) : (keys.Agent, keys.Visitor);
        _blank = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        _mostWays = candidates.Count + MostHeard;
        foreach (var candidate in candidates)
        {
            if (socket.AddressFamily == AddressFamily.InterNetworkV6 || candidate.AddressFamily == AddressFamily.InterNetwork)
            {
                var way = new PunchWay(StunClient.Narrow(socket, candidate));
                _ways.TryAdd(way.Target, way);
            }
        }
    }

    /// <summary>
    /// Looks for a way. The visitor is done as soon as the agent has confirmed one; the agent goes on to confirm until it is cancelled, since it cannot know that it was heard, and lets wait
    /// what comes after.
    /// </summary>
    /// <returns>Where the other end is, in the socket's family; null where that was not found out.</returns>
    public async Task<IPEndPoint?> RunAsync(CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var sending = SendAsync(over.Token);
        try
        {
            await ReceiveAsync(over.Token);
            if (!_isVisitor)
            {
                await sending;
            }
        }
        catch (OperationCanceledException)
        {
            // That was all the time there was.
        }
        finally
        {
            await over.CancelAsync();
            await sending;
        }

        lock (_lock)
        {
            return _isAgreed ? _chosen!.Address : null;
        }
    }

    private async Task SendAsync(CancellationToken over)
    {
        for (var round = 0; !over.IsCancellationRequested; round++)
        {
            lock (_lock)
            {
                if (_chosen is null)
                {
                    foreach (var way in _ways.Values)
                    {
                        Send(way, PunchKind.Ask, way.Number);
                    }
                }
                else
                {
                    Insist(_chosen);
                }
            }

            await Task.Delay(round < FastRounds ? Fast : Slow, _time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReceiveAsync(CancellationToken over)
    {
        // One byte more than a datagram of ours has: a longer one is none.
        var buffer = new byte[PunchDatagram.Length + 1];
        var sender = new SocketAddress(_socket.AddressFamily);
        while (true)
        {
            try
            {
                var length = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, sender, over);
                if (PunchDatagram.TryRead(buffer.AsSpan(0, length), _peersKey, out var datagram) && Take(datagram, sender))
                {
                    return;
                }
            }
            catch (SocketException) when (!over.IsCancellationRequested)
            {
                // What ICMP told of an address that is not the other's.
            }
        }
    }

    /// <summary>Learns from a datagram of the other end's, and answers it.</summary>
    /// <returns>Whether the two agree.</returns>
    private bool Take(in PunchDatagram datagram, SocketAddress sender)
    {
        lock (_lock)
        {
            if (!_ways.TryGetValue(sender, out var way))
            {
                if (_ways.Count >= _mostWays)
                {
                    return false;
                }

                way = new PunchWay((IPEndPoint)_blank.Create(sender));
                _ways.Add(way.Target, way);
            }

            switch (datagram.Kind)
            {
                case PunchKind.Ask:
                    OnAsked(way, datagram.Number);
                    break;

                case PunchKind.Answer when datagram.Number == way.Number:
                    way.IsOpen = true;
                    if (_isVisitor && _chosen is null)
                    {
                        _chosen = way;
                        Insist(way);
                    }

                    break;

                // What the visitor chose counts where it was heard to answer itself: a choice that was heard elsewhere and repeated leads nowhere.
                case PunchKind.Choose when !_isVisitor && way.IsOpen:
                    (_chosen, _choice, _isAgreed) = (way, datagram.Number, true);
                    Insist(way);
                    break;

                case PunchKind.Choose when !_isVisitor:
                    OnAsked(way, datagram.Number);
                    break;

                case PunchKind.Confirm when way == _chosen && datagram.Number == way.Number:
                    _isAgreed = _isVisitor;
                    break;
            }

            return _isAgreed;
        }
    }

    // Only questions are answered, so that no two ends answer each other without an end.
    private void OnAsked(PunchWay way, ulong number)
    {
        Send(way, PunchKind.Answer, number);
        if (!way.IsHeard)
        {
            // Its router lets us in from now on: no need to wait for the next round.
            way.IsHeard = true;
            Send(way, PunchKind.Ask, way.Number);
        }
    }

    private void Insist(PunchWay chosen)
    {
        if (_isVisitor)
        {
            Send(chosen, PunchKind.Choose, chosen.Number);
        }
        else
        {
            Send(chosen, PunchKind.Confirm, _choice);
        }
    }

    private void Send(PunchWay way, PunchKind kind, ulong number)
    {
        Span<byte> bytes = stackalloc byte[PunchDatagram.Length];
        new PunchDatagram(kind, number).Write(_ownKey, bytes);
        try
        {
            _socket.SendTo(bytes, SocketFlags.None, way.Target);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // No way there, or not now: others may be.
        }
    }
}
