using System.Buffers.Binary;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Egress;

/// <summary>Serves SOCKS 5 (RFC 1928): clients say where they want to go, and are relayed there where they may.</summary>
[Component("socks5")]
public sealed class Socks5Filter : IConnectionFilter
{
    private const byte Version = 5, NoAuthentication = 0, UserAndPassword = 2, NoMethod = 0xff;
    private const byte Connect = 1, OfIPv4 = 1, OfName = 3, OfIPv6 = 4;
    private readonly EgressOptions _options;
    private readonly TimeProvider _time;
    private readonly EgressWay _way;
    private readonly EgressUsers _users;

    /// <summary>Creates one.</summary>
    public Socks5Filter(EgressOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _time) = (options, context.Time);
        _way = new EgressWay("socks5", options, context);
        _users = new EgressUsers(options.Users);
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        Destination? destination;
        using (var handshake = new Handshake(connection.Transport.Input, _time, _options.HandshakeTimeout))
        {
            (destination, var refusal) = await AskAsync(connection, handshake);
            if (!handshake.TryEnd())
            {
                _way.GiveUp(connection, "handshake_timeout");
                connection.Abort(new ConnectionAbortedException("No SOCKS request in time."));
                return;
            }

            if (destination is null)
            {
                // It ends in order: what it was told must reach it.
                _way.GiveUp(connection, refusal);
                return;
            }
        }

        var (upstream, error) = await _way.OpenAsync(connection, destination);
        await ReplyAsync(connection, error);
        if (upstream is null)
        {
            _way.GiveUp(connection, EgressWay.ReasonOf(error), destination);
            return;
        }

        await using (upstream)
        {
            await _way.RelayAsync(connection, upstream);
        }
    }

    /// <summary>Where the client wants to go; otherwise why it is not asked any further.</summary>
    private async ValueTask<(Destination? Destination, string Refusal)> AskAsync(ConnectionContext connection, Handshake handshake)
    {
        var output = connection.Transport.Output;
        var wanted = _users.AreAsked ? UserAndPassword : NoAuthentication;
        var (isSocks, offers) = (true, false);
        if (!await handshake.ReadAsync(Greeting))
        {
            return (null, "client_closed");
        }

        if (!isSocks)
        {
            return (null, "not_socks5");
        }

        await output.WriteAsync(new[] { Version, offers ? wanted : NoMethod });
        if (!offers)
        {
            return (null, "no_authentication");
        }

        if (_users.AreAsked)
        {
            var isKnown = false;
            if (!await handshake.ReadAsync(received => Credentials(received, out isKnown)))
            {
                return (null, "client_closed");
            }

            // RFC 1929 §2.
            await output.WriteAsync(new byte[] { 1, isKnown ? (byte)0 : (byte)1 });
            if (!isKnown)
            {
                return (null, "bad_credentials");
            }
        }

        Destination? destination = null;
        byte refusal = 0;
        if (!await handshake.ReadAsync(received => Request(received, out destination, out refusal)))
        {
            return (null, "client_closed");
        }

        if (destination is null)
        {
            await output.WriteAsync(Reply(refusal));
        }

        return (destination, "bad_request");

        // Version, number of methods, methods.
        int Greeting(ReadOnlySpan<byte> received)
        {
            if (received.Length > 0 && received[0] != Version)
            {
                isSocks = false;
                return 1;
            }

            if (received.Length < 2 || received.Length < 2 + received[1])
            {
                return 0;
            }

            offers = received.Slice(2, received[1]).Contains(wanted);
            return 2 + received[1];
        }
    }

    // RFC 1929 §2: version, length and name, length and password.
    private int Credentials(ReadOnlySpan<byte> received, out bool isKnown)
    {
        isKnown = false;
        if (received.Length < 2 || received.Length < 3 + received[1] || received.Length < 3 + received[1] + received[2 + received[1]])
        {
            return 0;
        }

        var name = received.Slice(2, received[1]);
        var password = received.Slice(3 + name.Length, received[2 + name.Length]);
        isKnown = received[0] == 1 && _users.Know(name, password);
        return 3 + name.Length + password.Length;
    }

    // Version, command, reserved, kind of address, address, port.
    private static int Request(ReadOnlySpan<byte> received, out Destination? destination, out byte refusal)
    {
        (destination, refusal) = (null, 1);
        if (received.Length < 5)
        {
            return 0;
        }

        var length = received[3] switch { OfIPv4 => 4, OfIPv6 => 16, OfName => 1 + received[4], _ => -1 };
        if (received[0] != Version || length < 0)
        {
            refusal = 8;
            return 5;
        }

        if (received.Length < 4 + length + 2)
        {
            return 0;
        }

        var port = BinaryPrimitives.ReadUInt16BigEndian(received[(4 + length)..]);
        if (received[1] != Connect)
        {
            refusal = 7;
        }
        else if (received[3] == OfName)
        {
            destination = Destination.Of(Encoding.Latin1.GetString(received.Slice(5, length - 1)), port);
        }
        else if (port > 0)
        {
            destination = Destination.Of(new IPAddress(received.Slice(4, length)), port);
        }

        return 4 + length + 2;
    }

    private static async ValueTask ReplyAsync(ConnectionContext connection, EgressError error) => await connection.Transport.Output.WriteAsync(Reply(error switch
    {
        EgressError.None => 0,
        EgressError.Denied => 2,
        EgressError.NoSuchHost or EgressError.Timeout => 4,
        EgressError.Unreachable => 3,
        _ => 5,
    }));

    // The address bound is nobody's business.
    private static byte[] Reply(byte code) => [Version, code, 0, OfIPv4, 0, 0, 0, 0, 0, 0];
}
