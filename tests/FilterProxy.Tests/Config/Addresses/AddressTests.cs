using System.Net;
using FilterProxy.Core.Config.Addresses;
using Xunit;

namespace FilterProxy.Tests.Config.Addresses;

public sealed class AddressTests
{
    [Theory]
    [InlineData("0.0.0.0:8080", typeof(IPEndPoint), "0.0.0.0:8080")]
    [InlineData("[::]:443", typeof(IPEndPoint), "[::]:443")]
    [InlineData("127.0.0.1:0", typeof(IPEndPoint), "127.0.0.1:0")]
    [InlineData("localhost:8080", typeof(DnsEndPoint), "Unspecified/localhost:8080")]
    [InlineData("unix:/run/proxy.sock", typeof(System.Net.Sockets.UnixDomainSocketEndPoint), "/run/proxy.sock")]
    public void Listen_addresses_are_read(string text, Type type, string expected)
    {
        Assert.True(ListenAddress.TryParse(text, out var endPoint, out var error), error);
        Assert.Equal(type, endPoint.GetType());
        Assert.Equal(expected, endPoint.ToString());
    }

    [Theory]
    [InlineData("8080", "expected an address like '0.0.0.0:8080', got '8080' (did you mean '0.0.0.0:8080'?)")]
    [InlineData(":8080", "expected an address like '0.0.0.0:8080', got ':8080' ('0.0.0.0:8080' is every IPv4 address, '[::]:8080' every address)")]
    [InlineData("*:80", "expected an address like '0.0.0.0:8080', got '*:80' ('0.0.0.0:80' is every IPv4 address, '[::]:80' every address)")]
    [InlineData("::1:80", "expected an address like '0.0.0.0:8080', got '::1:80'")]
    [InlineData("0.0.0.0:65536", "expected an address like '0.0.0.0:8080', got '0.0.0.0:65536'")]
    [InlineData("0.0.0.0:-1", "expected an address like '0.0.0.0:8080', got '0.0.0.0:-1'")]
    [InlineData("0.0.0.0", "expected an address like '0.0.0.0:8080', got '0.0.0.0'")]
    [InlineData("", "expected an address like '0.0.0.0:8080', got ''")]
    [InlineData("http://0.0.0.0:80", "expected an address like '0.0.0.0:8080', got 'http://0.0.0.0:80'")]
    [InlineData("example.com:80", "cannot listen on 'example.com' (give an IP address or 'localhost')")]
    [InlineData("unix:run.sock", "expected an absolute path like 'unix:/run/app.sock', got 'unix:run.sock'")]
    public void What_is_no_listen_address_is_refused(string text, string expected)
    {
        Assert.False(ListenAddress.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void A_socket_path_must_fit_the_system()
    {
        Assert.True(ListenAddress.TryParse("unix:/" + new string('a', 106), out _, out _));
        Assert.False(ListenAddress.TryParse("unix:/" + new string('a', 107), out _, out var error));
        Assert.Equal("the socket path is longer than 107 bytes", error);
    }

    [Theory]
    [InlineData("10.0.0.5:3002", "10.0.0.5:3002", null)]
    [InlineData("[::1]:3002", "[::1]:3002", null)]
    [InlineData("app.internal:3002", "app.internal:3002", null)]
    [InlineData("App_1:3002", "app_1:3002", null)]
    [InlineData("localhost:3002", "localhost:3002", null)]
    [InlineData("http://app.internal", "app.internal:80", false)]
    [InlineData("http://app.internal:3002/", "app.internal:3002", false)]
    [InlineData("https://app.internal", "app.internal:443", true)]
    [InlineData("https://[::1]", "[::1]:443", true)]
    [InlineData("HTTPS://10.0.0.5:8443", "10.0.0.5:8443", true)]
    [InlineData("unix:/run/app.sock", "unix:/run/app.sock", null)]
    public void Endpoints_are_read(string text, string name, bool? tls)
    {
        Assert.True(EndpointAddress.TryParse(text, out var address, out var error), error);
        Assert.Equal((name, tls), (address.Name, address.Tls));
    }

    [Theory]
    [InlineData("app.internal", "'app.internal' has no port (write 'app.internal:80')")]
    [InlineData("https://app.internal/api", "'https://app.internal/api' has more than a host and a port (change paths with a route's rewrite)")]
    [InlineData("https://user@app.internal", "'https://user@app.internal' has more than a host and a port (change paths with a route's rewrite)")]
    [InlineData("tcp://app:80", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got 'tcp://app:80'")]
    [InlineData("10.0.0:80", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got '10.0.0:80'")]
    [InlineData("10.0.0.256:80", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got '10.0.0.256:80'")]
    [InlineData("::1:80", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got '::1:80'")]
    [InlineData("a b:80", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got 'a b:80'")]
    [InlineData("a..b:80", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got 'a..b:80'")]
    [InlineData(":80", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got ':80'")]
    [InlineData("http://", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got 'http://'")]
    [InlineData("", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got ''")]
    [InlineData("app:0", "an endpoint's port cannot be 0")]
    [InlineData("app:65536", "expected an address like '10.0.0.5:3002' or 'https://app.internal', got 'app:65536'")]
    public void What_is_no_endpoint_is_refused(string text, string expected)
    {
        Assert.False(EndpointAddress.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }
}
