using System.Net;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.Tests.Jose;
using FilterProxy.Filters.Tests.ReverseTunnel.Handshake;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Access;

public sealed class TokenCredentialTests : IDisposable
{
    private const string Login = "https://login.test";

    private readonly HandshakeBench _bench = new();
    private readonly TokenMaker _maker = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-test-").FullName;
    private int _fetches;

    public TokenCredentialTests()
    {
        File.WriteAllText(Path.Combine(_folder, "keys.json"), _maker.Jwks);
        _bench.Context.Directory = _folder;
        _bench.Credentials = new() { Issuers = [new() { Issuer = Login, JwksFile = "keys.json", Audiences = ["tunnels"] }] };
    }

    public void Dispose()
    {
        _bench.Dispose();
        _maker.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_agent_with_a_token_that_names_it_is_let_in()
    {
        await using var server = _bench.Create();
        await File.WriteAllTextAsync(Path.Combine(_folder, "token"), Token() + "\n");
        var line = new HandshakeLine();
        var accepting = server.AcceptAsync(line, default).AsTask();

        var reply = await new HandshakeClient(new() { TokenFile = "token" }, _folder, _bench.Clock)
            .RunAsync(line.Agent, new TunnelHello(new TunnelIdentity("edge-1", "shop", "acme")) { Capabilities = Names.All }, default);

        Assert.Equal((200, $"token of '{Login}'"), (reply.Status, (await accepting)!.Proof.Name));
    }

    [Theory]
    [InlineData("edge-2", "shop", "acme")]
    [InlineData("edge-1", "bakery", "acme")]
    [InlineData("edge-1", "shop", "other")]
    [InlineData(null, "shop", "acme")]
    [InlineData("edge-1", null, "acme")]
    [InlineData("edge-1", "shop", null)]
    public async Task A_token_that_does_not_name_all_of_the_identity_proves_nothing(string? node, string? cluster, string? tenant) =>
        Assert.Equal((403, "tunnel_identity_denied"), await AskAsync(Claims(node, cluster, tenant)));

    [Fact]
    public async Task A_claim_may_be_a_list_and_within_an_object()
    {
        _bench.Credentials = new() { Issuers = [_bench.Credentials.Issuers[0] with { NodeClaim = "agent.nodes", ClusterClaim = "agent.cluster" }] };

        Assert.Equal((200, null), await AskAsync(new() { ["aud"] = "tunnels", ["tenant"] = "acme", ["agent"] = new { nodes = new[] { "edge-0", "edge-1" }, cluster = "shop" } }));
    }

    [Theory]
    [InlineData("aud", "others")]
    [InlineData("iss", "https://else.test")]
    [InlineData("exp", 1_800_000_000)]
    [InlineData("nbf", 2_000_000_000)]
    public async Task A_token_of_another_issuer_audience_or_time_is_refused(string claim, object value)
    {
        var claims = Claims();
        claims[claim] = value;

        Assert.Equal((401, "tunnel_credential_denied"), await AskAsync(claims));
    }

    [Fact]
    public async Task A_token_that_another_key_has_signed_is_refused_and_not_in_the_log()
    {
        using var eve = new TokenMaker();
        await using var server = _bench.Create();
        var token = eve.Sign(Claims(), now: _bench.Clock.GetUtcNow());

        var (answer, _, _) = await HandshakeBench.AskAsync(server, Request(Edge, $"authorization: Bearer {token}"));

        Assert.Equal(401, answer.Status);
        Assert.DoesNotContain(_bench.Context.LogLines, line => line.Contains(token.Split('.')[1], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_are_fetched_and_fetched_again_for_a_key_that_is_new()
    {
        using var next = new TokenMaker("ES256", "k2");
        var keys = _maker.Jwks;
        _bench.Context.Clusters["login"] = new TestCluster("login", "127.0.0.1:1");
        _bench.Context.Http = (_, _) =>
        {
            Interlocked.Increment(ref _fetches);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(keys) });
        };
        _bench.Credentials = new() { Issuers = [new() { Issuer = Login, JwksUrl = new Uri("https://login.test/keys"), JwksCluster = "login" }] };
        await using var server = _bench.Create();
        await server.StartAsync(default);
        var (first, admission, _) = await HandshakeBench.AskAsync(server, Bearer(_maker));
        admission!.Dispose();
        keys = next.Jwks;
        _bench.Clock.Advance(TimeSpan.FromMinutes(1));

        var (second, _, _) = await HandshakeBench.AskAsync(server, Bearer(next));

        Assert.Equal((200, 200, 2), (first.Status, second.Status, _fetches));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_tunnel_ends_with_its_token_where_that_is_asked_for(bool closes)
    {
        _bench.Credentials = new() { Issuers = [_bench.Credentials.Issuers[0] with { CloseAtExpiry = closes }] };
        await using var server = _bench.Create();
        var (_, admission, _) = await HandshakeBench.AskAsync(server, Bearer(_maker));
        _bench.Clock.Advance(TimeSpan.FromMinutes(60));
        Assert.False(admission!.Revoked.IsCancellationRequested);
        _bench.Clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(closes, admission.Revoked.IsCancellationRequested);
    }

    private static Dictionary<string, object?> Claims(string? node = "edge-1", string? cluster = "shop", string? tenant = "acme")
    {
        var claims = new Dictionary<string, object?> { ["iss"] = Login, ["aud"] = "tunnels" };
        foreach (var (name, value) in new[] { ("sub", node), ("cluster", cluster), ("tenant", tenant) })
        {
            if (value is not null)
            {
                claims[name] = value;
            }
        }

        return claims;
    }

    private string Token() => _maker.Sign(Claims(), now: _bench.Clock.GetUtcNow());

    private string Bearer(TokenMaker maker) => Request(Edge, $"authorization: Bearer {maker.Sign(Claims(), now: _bench.Clock.GetUtcNow())}");

    private async Task<(int Status, string? Reason)> AskAsync(Dictionary<string, object?> claims)
    {
        claims.TryAdd("iss", Login);
        await using var server = _bench.Create();
        var (answer, _, _) = await HandshakeBench.AskAsync(server, Request(Edge, $"authorization: Bearer {_maker.Sign(claims, now: _bench.Clock.GetUtcNow())}"));
        return (answer.Status, answer.Reason);
    }
}
