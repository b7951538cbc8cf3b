using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>An address of the other end's, as it was named or as datagrams came from it. Changed under the lock of <see cref="Puncher"/>.</summary>
/// <param name="address">In the socket's family.</param>
internal sealed class PunchWay(IPEndPoint address)
{
    public IPEndPoint Address => address;

    public SocketAddress Target { get; } = address.Serialize();

    /// <summary>What whoever is there must have heard to say it.</summary>
    public ulong Number { get; } = BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>Whether the other end was heard from there.</summary>
    public bool IsHeard { get; set; }

    /// <summary>Whether it is known that both directions work.</summary>
    public bool IsOpen { get; set; }
}
