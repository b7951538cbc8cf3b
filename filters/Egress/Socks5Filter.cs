using System.Buffers.Binary;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Egress;

/// <summary>Serves SOCKS 5 (RFC 1928): clients say where they want to go, and are relayed there where they may.</summary>
[Component("socks5")]
public sealed class Socks5Filter : EgressFilter
{
    private const byte Version = 5, NoAuthentication = 0, UserAndPassword = 2, NoMethod = 0xff;
    private const byte Connect = 1, OfIPv4 = 1, OfName = 3, OfIPv6 = 4;

    /// <summary>Creates one.</summary>
    public Socks5Filter(EgressOptions options, ComponentContext context)
        : base("socks5", options, context)
    {
    }

    private protected override async ValueTask<EgressRequest> AskAsync(ConnectionContext connection, Handshake handshake)
    {
        var output = connection.Transport.Output;
        var wanted = Users.AreAsked ? UserAndPassword : NoAuthentication;
        var (isSocks, offers) = (true, false);
        if (!await handshake.ReadAsync(Greeting))
        {
            return EgressRequest.Unfinished;
        }

        if (!isSocks)
        {
            return new EgressRequest(null, "not_socks5");
        }

        if (!offers)
        {
            return new EgressRequest(null, "no_authentication", new[] { Version, NoMethod });
        }

        await output.WriteAsync(new[] { Version, wanted });
        if (Users.AreAsked)
        {
            var isKnown = false;
            if (!await handshake.ReadAsync(received => Credentials(received, out isKnown)))
            {
                return EgressRequest.Unfinished;
            }

            // RFC 1929 §2.
            if (!isKnown)
            {
                return new EgressRequest(null, "bad_credentials", new byte[] { 1, 1 });
            }

            await output.WriteAsync(new byte[] { 1, 0 });
        }

        Destination? destination = null;
        byte refusal = 0;
        if (!await handshake.ReadAsync(received => Request(received, out destination, out refusal)))
        {
            return EgressRequest.Unfinished;
        }

        return destination is null ? new EgressRequest(null, "bad_request", Reply(refusal)) : new EgressRequest(destination, "");

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

    private protected override byte[] AnswerTo(EgressError error) => Reply(error switch
    {
        EgressError.None => 0,
        EgressError.Denied => 2,
        EgressError.NoSuchHost or EgressError.Timeout => 4,
        EgressError.Unreachable => 3,
        EgressError.NoFreePort or EgressError.TooManyOpenFiles => 1,
        _ => 5,
    });

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
        isKnown = received[0] == 1 && Users.Know(name, password);
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

    // The address bound is nobody's business.
    private static byte[] Reply(byte code) => [Version, code, 0, OfIPv4, 0, 0, 0, 0, 0, 0];
}
