using System.Net;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>Both ends of a client's connection: what a PROXY protocol header tells, and so what a connection that began with one is good for.</summary>
internal readonly record struct DownstreamAddresses(IPAddress? Remote, int RemotePort, IPAddress? Local, int LocalPort)
{
    public static DownstreamAddresses Of(DownstreamInfo info) => new(info.RemoteAddress, info.RemotePort, info.LocalAddress, info.LocalPort);

    /// <summary>Describes a connection that is no exchange's.</summary>
    public static DownstreamInfo Describe(ConnectionContext connection)
    {
        var info = new DownstreamInfo { ConnectionId = connection.ConnectionId };
        if (connection.RemoteEndPoint is IPEndPoint remote)
        {
            (info.RemoteAddress, info.RemotePort) = (remote.Address, remote.Port);
        }

        if (connection.LocalEndPoint is IPEndPoint local)
        {
            (info.LocalAddress, info.LocalPort) = (local.Address, local.Port);
        }

        return info;
    }
}
