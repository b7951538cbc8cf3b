using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Security;
using Xunit;

namespace FilterProxy.Tests.Downstream;

public sealed class QuicEndpointTests
{
    private static readonly ListenerPlan Plan = new()
    {
        Name = "web",
        Address = new IPEndPoint(IPAddress.Any, 8443),
        Tls = new TlsSelector([], new TlsRules()),
        WantsHttp3 = true,
    };

    [Fact]
    public void A_listener_with_tls_on_a_port_of_its_own_speaks_it_where_the_platform_does() => Assert.Null(QuicEndpoint.Missing(Plan, isSupported: true));

    [Fact]
    public void Clients_are_told_the_port() => Assert.Equal("h3=\":8443\"; ma=86400", Encoding.ASCII.GetString(QuicEndpoint.AltSvc(Plan)));

    [Fact]
    public void A_platform_without_QUIC_is_named() => Assert.Contains("libmsquic", QuicEndpoint.Missing(Plan, isSupported: false), StringComparison.Ordinal);

    [Fact]
    public void What_QUIC_cannot_do_is_said()
    {
        Assert.Contains("no tls", QuicEndpoint.Missing(Plan with { Tls = null }, true), StringComparison.Ordinal);
        Assert.Contains("connection filters", QuicEndpoint.Missing(Plan with { AfterTls = [new Nothing()] }, true), StringComparison.Ordinal);
        Assert.Contains("TLS 1.3", QuicEndpoint.Missing(Plan with { Tls = new TlsSelector([], new TlsRules { Versions = SslProtocols.Tls12 }) }, true), StringComparison.Ordinal);
        Assert.Contains("port", QuicEndpoint.Missing(Plan with { Address = new IPEndPoint(IPAddress.Any, 0) }, true), StringComparison.Ordinal);
        Assert.Contains("port", QuicEndpoint.Missing(Plan with { Address = new UnixDomainSocketEndPoint("/tmp/x") }, true), StringComparison.Ordinal);
    }

    private sealed class Nothing : IConnectionFilter
    {
        public Task OnConnectionAsync(Microsoft.AspNetCore.Connections.ConnectionContext connection, Microsoft.AspNetCore.Connections.ConnectionDelegate next) => next(connection);
    }
}
