using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.Tests.ReverseTunnel.Handshake;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http.Features;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Access;

public sealed class CertificateCredentialTests : IDisposable
{
    private static readonly TunnelCertificateOptions Spiffe = new() { Uri = "spiffe://example.com/{tenant}/{cluster}/{node}" };

    private readonly HandshakeBench _bench = new() { Access = new() { Rules = [new() { Agents = ["*:*:*"], Protocols = ["http"] }] } };
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        _bench.Dispose();
        _authority.Dispose();
    }

    [Theory]
    [InlineData("edge-1:shop:acme", 200)]
    [InlineData("edge-2:shop:acme", 403)]
    [InlineData("edge-1:bakery:acme", 403)]
    [InlineData("edge-1:shop:other", 403)]
    public async Task A_certificate_is_one_agents_by_its_uri(string agent, int status) =>
        Assert.Equal(status, await StatusAsync(Spiffe, agent, uris: ["spiffe://example.com/acme/shop/edge-1"]));

    [Theory]
    [InlineData("edge-1:shop:acme", 200)]
    [InlineData("edge-2:shop:acme", 403)]
    [InlineData("edge-1:bakery:acme", 200)]
    [InlineData("edge-1:shop:other", 403)]
    public async Task What_a_name_does_not_say_is_said_beside_it(string agent, int status) => Assert.Equal(
        status, await StatusAsync(new() { DnsName = "{node}.agents.example.com", Cluster = "*", Tenant = "acme" }, agent, dns: ["edge-1.agents.example.com"]));

    [Theory]
    [InlineData("a.b:shop:c")]
    [InlineData("a:shop:b.c")]
    public async Task A_certificate_whose_name_could_be_two_agents_is_nobodys(string agent) =>
        Assert.Equal(403, await StatusAsync(new() { DnsName = "{node}.{tenant}.example.com", Cluster = "*" }, agent, dns: ["a.b.c.example.com"]));

    [Fact]
    public async Task A_certificate_is_one_agents_by_its_subject() =>
        Assert.Equal(200, await StatusAsync(new() { Subject = "CN={node}, OU={cluster}, O={tenant}" }, Edge, subject: "CN=edge-1, OU=shop, O=acme"));

    [Theory]
    [InlineData("edge-1:shop:acme", 200)]
    [InlineData("edge-2:shop:acme", 403)]
    public async Task A_certificate_is_one_agents_by_its_fingerprint(string agent, int status)
    {
        using var certificate = _authority.Issue("CN=any");
        var hash = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);

        Assert.Equal(status, await StatusAsync(new() { Fingerprint = hash, Node = "edge-1", Cluster = "shop", Tenant = "acme" }, agent, certificate));
    }

    [Fact]
    public async Task Without_a_certificate_nobody_is_let_in()
    {
        _bench.Credentials = new() { Certificates = [Spiffe] };
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request());

        Assert.Equal((401, "tunnel_credential_missing"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task A_signature_that_is_wrong_is_not_made_right_by_a_certificate()
    {
        _bench.Credentials = new() { Certificates = [Spiffe], Keys = [new() { Id = "k1", Agent = Edge, Secret = "a secret of edge-1 that is long enough" }] };
        using var certificate = _authority.Issue("CN=any", uris: ["spiffe://example.com/acme/shop/edge-1"]);

        Assert.Equal((401, 200), (await StatusAsync(certificate, "authorization: FP-TUNNEL-HMAC-SHA256 key=k1"), await StatusAsync(certificate)));
    }

    [Theory]
    [InlineData(null, null, null, null, null, "one of uri")]
    [InlineData("spiffe://{node}/{cluster}", "{node}", null, null, "acme", "one of uri")]
    [InlineData("spiffe://x/{node}/{cluster}", null, null, null, null, "tenant must be bound")]
    [InlineData("spiffe://x/{cluster}", null, null, null, "acme", "node must be bound")]
    [InlineData("spiffe://x/{cluster}", null, "*", null, "acme", "any node is none")]
    [InlineData("spiffe://x/{node}{cluster}", null, null, null, "acme", "text between them")]
    [InlineData("spiffe://x/{node}/{cluster}", null, null, null, "a*c*e", "at most one")]
    [InlineData("spiffe://x/{node}/{cluster}/{tenant}", null, null, null, "acme", "tenant must be bound")]
    public void A_binding_that_leaves_something_open_is_refused(string? uri, string? dns, string? node, string? cluster, string? tenant, string problem)
    {
        var options = new TunnelCertificateOptions { Uri = uri, DnsName = dns, Node = node, Cluster = cluster, Tenant = tenant };

        Assert.Contains(options.Validate(new ValidationContext(options)), found => found.ErrorMessage!.Contains(problem, StringComparison.Ordinal));
    }

    private async Task<int> StatusAsync(TunnelCertificateOptions binding, string agent, string subject = "CN=any", string[]? dns = null, string[]? uris = null)
    {
        using var certificate = _authority.Issue(subject, dns, uris);
        return await StatusAsync(binding, agent, certificate);
    }

    private async Task<int> StatusAsync(TunnelCertificateOptions binding, string agent, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        Assert.Empty(binding.Validate(new ValidationContext(binding)));
        _bench.Credentials = new() { Certificates = [binding] };
        await using var server = _bench.Create();
        return await StatusAsync(server, certificate, Request(agent));
    }

    private async Task<int> StatusAsync(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate, params string[] fields)
    {
        await using var server = _bench.Create();
        return await StatusAsync(server, certificate, Request(Edge, fields));
    }

    private static async Task<int> StatusAsync(
        FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeServer server, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate, string request)
    {
        var line = new HandshakeLine();
        line.Features.Set<ITlsConnectionFeature>(new TlsConnectionFeature { ClientCertificate = certificate });
        var (answer, _, _) = await AskAsync(server, request, line);
        return answer.Status;
    }
}
