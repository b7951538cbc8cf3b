using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace FilterProxy.Filters.Streams;

/// <summary>What is known of a connection, from its own ends and from the filters it came through.</summary>
internal static class ConnectionFacts
{
    /// <summary>The name a client asked for in TLS; empty where it did not, or nobody has looked.</summary>
    public static string ServerNameOf(ConnectionContext connection) =>
        connection.Features.Get<ITlsHandshakeFeature>()?.HostName is { Length: > 0 } agreed ? agreed
        : connection.Features.Get<TlsClientHello>()?.ServerName ?? "";

    /// <summary>Whether anybody has looked at the client's TLS.</summary>
    public static bool KnowsTls(ConnectionContext connection) =>
        connection.Features.Get<ITlsHandshakeFeature>() is not null || connection.Features.Get<TlsClientHello>() is not null;

    /// <summary>Whether one of some application protocols was agreed on, or is offered where TLS is passed through.</summary>
    public static bool HasProtocol(ConnectionContext connection, IReadOnlyList<SslApplicationProtocol> wanted)
    {
        if (connection.Features.Get<ITlsApplicationProtocolFeature>() is { ApplicationProtocol: { IsEmpty: false } chosen })
        {
            foreach (var protocol in wanted)
            {
                if (chosen.Span.SequenceEqual(protocol.Protocol.Span))
                {
                    return true;
                }
            }

            return false;
        }

        foreach (var offered in connection.Features.Get<TlsClientHello>()?.ApplicationProtocols ?? [])
        {
            foreach (var protocol in wanted)
            {
                if (offered == protocol)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The client's address, IPv4 as IPv4; null for a unix socket.</summary>
    public static IPAddress? AddressOf(ConnectionContext connection) => AddressOf(connection.RemoteEndPoint);

    /// <inheritdoc cref="AddressOf(ConnectionContext)"/>
    public static IPAddress? AddressOf(EndPoint? endPoint) =>
        endPoint is not IPEndPoint { Address: var address } ? null : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>The port that was connected to; 0 for a unix socket.</summary>
    public static int PortOf(ConnectionContext connection) => (connection.LocalEndPoint as IPEndPoint)?.Port ?? 0;

    /// <summary>The certificate the client showed; null for none.</summary>
    public static X509Certificate2? CertificateOf(ConnectionContext connection) => connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
}
