using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>What a handshake agreed on, as the features by which Kestrel's engine and ours know a connection with TLS.</summary>
internal sealed class TlsFacts : ITlsHandshakeFeature, ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    private readonly SslStream _stream;

    private TlsFacts(SslStream stream)
    {
        _stream = stream;
        HostName = stream.TargetHostName;
        Protocol = stream.SslProtocol;
        NegotiatedCipherSuite = stream.NegotiatedCipherSuite;
        ApplicationProtocol = stream.NegotiatedApplicationProtocol.Protocol;
        ClientCertificate = stream.RemoteCertificate switch
        {
            null => null,
            X509Certificate2 certificate => certificate,
            var other => new X509Certificate2(other),
        };
    }

    public string HostName { get; }

    public SslProtocols Protocol { get; }

    public TlsCipherSuite? NegotiatedCipherSuite { get; }

    public ReadOnlyMemory<byte> ApplicationProtocol { get; }

    public X509Certificate2? ClientCertificate { get; set; }

#pragma warning disable SYSLIB0058 // The interface asks for them; nobody here does.
    CipherAlgorithmType ITlsHandshakeFeature.CipherAlgorithm => _stream.CipherAlgorithm;

    int ITlsHandshakeFeature.CipherStrength => _stream.CipherStrength;

    HashAlgorithmType ITlsHandshakeFeature.HashAlgorithm => _stream.HashAlgorithm;

    int ITlsHandshakeFeature.HashStrength => _stream.HashStrength;

    ExchangeAlgorithmType ITlsHandshakeFeature.KeyExchangeAlgorithm => _stream.KeyExchangeAlgorithm;

    int ITlsHandshakeFeature.KeyExchangeStrength => _stream.KeyExchangeStrength;
#pragma warning restore SYSLIB0058

    /// <summary>Puts them on the connection.</summary>
    public static void Describe(ConnectionContext connection, SslStream stream)
    {
        var facts = new TlsFacts(stream);
        connection.Features.Set<ITlsHandshakeFeature>(facts);
        connection.Features.Set<ITlsConnectionFeature>(facts);
        connection.Features.Set<ITlsApplicationProtocolFeature>(facts);
    }

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
}
