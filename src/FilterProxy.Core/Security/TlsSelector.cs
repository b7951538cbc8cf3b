using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace FilterProxy.Core.Security;

/// <summary>Answers each handshake of a listener: the first certificate source that knows the name wins.</summary>
internal sealed class TlsSelector(IReadOnlyList<ICertificateSource> sources, IReadOnlyList<SslApplicationProtocol> protocols)
{
    private readonly List<SslApplicationProtocol> _protocols = [.. protocols];

    public async ValueTask<SslServerAuthenticationOptions> SelectAsync(TlsHandshakeCallbackContext context)
    {
        var name = context.ClientHelloInfo.ServerName;
        foreach (var source in sources)
        {
            if (await source.FindAsync(name, context.CancellationToken) is { } certificate)
            {
                return new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = certificate,
                    ApplicationProtocols = _protocols,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                };
            }
        }

        throw new AuthenticationException($"No certificate for server name '{name}'.");
    }
}
