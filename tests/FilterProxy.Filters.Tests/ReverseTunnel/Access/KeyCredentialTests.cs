using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.Tests.ReverseTunnel.Handshake;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Access;

public sealed class KeyCredentialTests : IDisposable
{
    private const string Secret = "a secret of edge-1 that is long enough", Other = "a secret of edge-2 that is long enough";

    private readonly HandshakeBench _bench = new()
    {
        Credentials = new() { Keys = [new() { Id = "k1", Agent = Edge, Secret = Secret }, new() { Id = "k2", Agent = "edge-2:shop:acme", Secret = Other }] },
    };

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task An_agent_that_signs_with_its_key_is_let_in()
    {
        await using var server = _bench.Create();
        var line = new HandshakeLine();
        var accepting = server.AcceptAsync(line, default).AsTask();
        var client = new HandshakeClient(new() { KeyId = "k1", KeySecret = Secret }, Path.GetTempPath(), _bench.Clock);

        var reply = await client.RunAsync(line.Agent, new TunnelHello(new TunnelIdentity("edge-1", "shop", "acme")) { Capabilities = Names.All }, default);

        Assert.Equal((200, "key k1"), (reply.Status, (await accepting)!.Proof.Name));
    }

    [Fact]
    public async Task A_request_without_a_signature_is_refused_with_a_challenge()
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request());

        Assert.Equal((401, "tunnel_credential_missing", "FP-TUNNEL-HMAC-SHA256, Bearer"), (answer.Status, answer.Reason, answer["www-authenticate"]));
    }

    [Fact]
    public async Task The_key_of_another_agent_proves_nothing_even_of_the_same_cluster()
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, SignedHello.Request(_bench.Clock, "k2", Other, Request()));

        Assert.Equal((403, "tunnel_identity_denied"), (answer.Status, answer.Reason));
        Assert.DoesNotContain("edge-2", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("k1", Other)]
    [InlineData("nobody", Secret)]
    public async Task Whether_the_key_or_its_secret_is_wrong_cannot_be_seen_from_outside(string key, string secret)
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, SignedHello.Request(_bench.Clock, key, secret, Request()));

        Assert.Equal((401, "tunnel_credential_denied"), (answer.Status, answer.Reason));
        Assert.EndsWith("\r\n\r\nits signature is nobody's\n", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_is_taken_once_also_after_a_reload()
    {
        var request = SignedHello.Request(_bench.Clock, "k1", Secret, Request());
        await using var first = _bench.Create();
        var (taken, _, _) = await AskAsync(first, request);
        var (again, _, _) = await AskAsync(first, request);

        await using var second = _bench.Create();
        var (reloaded, _, _) = await AskAsync(second, request);

        Assert.Equal((200, "tunnel_replayed", "tunnel_replayed"), (taken.Status, again.Reason, reloaded.Reason));
    }

    [Theory]
    [InlineData(-59, 200)]
    [InlineData(59, 200)]
    [InlineData(-62, 401)]
    [InlineData(62, 401)]
    public async Task A_signature_is_taken_within_its_window_alone(int seconds, int status)
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, SignedHello.Request(_bench.Clock, "k1", Secret, Request(), TimeSpan.FromSeconds(seconds)));

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task A_signature_that_was_forgotten_is_too_old_by_then()
    {
        await using var server = _bench.Create();
        var request = SignedHello.Request(_bench.Clock, "k1", Secret, Request(), TimeSpan.FromSeconds(50));
        await AskAsync(server, request);
        _bench.Clock.Advance(TimeSpan.FromSeconds(121));

        var (answer, _, _) = await AskAsync(server, request);

        Assert.Equal("tunnel_out_of_window", answer.Reason);
    }

    [Fact]
    public async Task What_is_remembered_is_bounded_and_then_nobody_passes()
    {
        _bench.Credentials = _bench.Credentials with { Remember = 1 };
        await using var server = _bench.Create();
        await AskAsync(server, SignedHello.Request(_bench.Clock, "k1", Secret, Request()));

        var (answer, _, _) = await AskAsync(server, SignedHello.Request(_bench.Clock, "k1", Secret, Request()));

        Assert.Equal((503, "tunnel_busy", "60"), (answer.Status, answer.Reason, answer["retry-after"]));
    }

    [Theory]
    [InlineData("x-filterproxy-tunnel-service: db;type=tcp;port=5432", "port=5432", "port=5433")]
    [InlineData("x-filterproxy-tunnel-labels: zone=eu", "zone=eu", "zone=us")]
    [InlineData("x-envoy-reverse-tunnel-upstream-cluster-name: hub", "name: hub", "name: pub")]
    [InlineData("x-envoy-reverse-tunnel-upstream-cluster-name: hub", "\r\nx-envoy-reverse-tunnel-upstream-cluster-name: hub", "")]
    [InlineData("x-filterproxy-tunnel-labels: a=b", "kind: streams\r\n", "kind: streams\r\nx-filterproxy-tunnel-session: 0123456789abcdef0123456789abcdef\r\n")]
    public async Task Nothing_of_a_signed_hello_can_be_changed_added_or_taken_away(string field, string from, string to)
    {
        _bench.Access = new() { Rules = [new() { Agents = ["*:*:*"], Protocols = ["http", "tcp"], Ports = ["1-65535"] }] };
        await using var server = _bench.Create();
        var request = SignedHello.Request(_bench.Clock, "k1", Secret, OwnRequest(Edge, "streams", null, field));

        var (changed, _, _) = await AskAsync(server, request.Replace(from, to, StringComparison.Ordinal));
        var (asSigned, _, _) = await AskAsync(server, request);

        Assert.Equal(("tunnel_credential_denied", 200), (changed.Reason, asSigned.Status));
    }

    [Theory]
    [InlineData("Basic YTpi")]
    [InlineData("FP-TUNNEL-HMAC-SHA256")]
    [InlineData("FP-TUNNEL-HMAC-SHA256 key=k1, time=1, nonce=0123456789abcdef")]
    [InlineData("FP-TUNNEL-HMAC-SHA256 key=k1, key=k2, time=1, nonce=0123456789abcdef, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("FP-TUNNEL-HMAC-SHA256 key=k1, time=-1, nonce=0123456789abcdef, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("FP-TUNNEL-HMAC-SHA256 key=k1, time=9999999999999, nonce=0123456789abcdef, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("FP-TUNNEL-HMAC-SHA256 key=k1, time=1, nonce=short, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("FP-TUNNEL-HMAC-SHA256 key=k1, time=1, nonce=0123456789abcdef, signature=AAAA AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("Bearer a.b.c\r\nauthorization: Bearer d.e.f")]
    public async Task A_credential_that_cannot_be_read_is_refused(string authorization)
    {
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, Request(Edge, $"authorization: {authorization}"));

        Assert.Equal((401, "tunnel_credential_denied"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task No_secret_and_no_signature_is_in_the_log()
    {
        await using var server = _bench.Create();
        foreach (var (key, secret) in new[] { ("k1", Secret), ("k2", Other), ("k1", Other) })
        {
            var request = SignedHello.Request(_bench.Clock, key, secret, Request());
            await AskAsync(server, request);

            var signature = request[request.IndexOf("signature=", StringComparison.Ordinal)..].Trim();
            Assert.DoesNotContain(_bench.Context.LogLines, line => line.Contains(signature[10..], StringComparison.Ordinal) || line.Contains("long enough", StringComparison.Ordinal));
        }

        Assert.Equal(3, _bench.Context.LogLines.Count);
    }

    [Theory]
    [InlineData(Edge, "k2", Other, "there twice")]
    [InlineData("edge-3:shop:acme", "k3", Secret, "have one secret")]
    public void One_secret_for_several_agents_and_one_name_for_two_secrets_are_refused(string agent, string id, string secret, string problem)
    {
        _bench.Credentials = _bench.Credentials with { Keys = [.. _bench.Credentials.Keys, new() { Id = id, Agent = agent, Secret = secret + (id == "k2" ? "!" : "") }] };

        Assert.Contains(problem, Assert.Throws<ArgumentException>(_bench.Create).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_may_stand_in_a_file()
    {
        var folder = Directory.CreateTempSubdirectory("filterproxy-test-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "keys.json"), $$"""{ "keys": [ { "id": "k3", "agent": "edge-3:shop:acme", "secret": "{{Secret}} 3" } ] }""");
        _bench.Context.Directory = folder;
        _bench.Credentials = new() { KeysFile = "keys.json" };
        await using var server = _bench.Create();

        var (answer, _, _) = await AskAsync(server, SignedHello.Request(_bench.Clock, "k3", Secret + " 3", Request("edge-3:shop:acme")));

        Assert.Equal(200, answer.Status);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("""{ "keys": [ { "id": "k3", "agent": "*:shop:acme", "secret": "a secret for all that is long enough 1" } ] }""", "the agent of 'k3' is none")]
    [InlineData("""{ "keys": [ { "id": "k3", "agent": "edge-3:shop:acme", "secret": "hush" } ] }""", "shorter than 32 bytes")]
    [InlineData("""{ "keys": [ { "id": "k 3", "agent": "edge-3:shop:acme", "secret": "a secret of edge-3 that is long enough" } ] }""", "must be 1 to 64")]
    [InlineData("""{ "keys": [ { "id": "k3", "secrets": "hush" } ] }""", "keys.json:1: expected")]
    [InlineData("""{ "keys": [ null ] }""", "expected")]
    [InlineData("""{ "rules": [ ] }""", "expected")]
    [InlineData("hush", "expected")]
    public async Task A_file_that_is_wrong_is_refused_and_shows_no_secret(string text, string problem)
    {
        var folder = Directory.CreateTempSubdirectory("filterproxy-test-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "keys.json"), text);
        _bench.Context.Directory = folder;
        _bench.Credentials = new() { KeysFile = "keys.json" };

        var message = Assert.Throws<ArgumentException>(_bench.Create).Message;

        Assert.Contains(problem, message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
