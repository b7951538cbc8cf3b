using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Grpc;

/// <summary>gRPC's interoperability cases from a grpc-js client through the proxy to a grpc-js service.</summary>
public sealed class InteropTests(GrpcFixture grpc) : IClassFixture<GrpcFixture>
{
    /// <summary>Each case is a promise; one run of the client asks for all of them.</summary>
    private static readonly string[] Cases =
    [
        "empty_unary", "large_unary", "very_large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
        "cancel_after_begin", "cancel_after_first_response", "timeout_on_sleeping_server", "custom_metadata", "status_code_and_message",
        "special_status_message", "status_after_messages", "unimplemented_method", "unimplemented_service", "deadline_is_passed_on",
        "concurrent_large_unary",
    ];

    [GrpcFact]
    public Task All_cases_pass_in_the_clear() => PassAsync($"endpoints: [\"127.0.0.1:{grpc.Port}\"], protocol: h2c", "sockets");

    [GrpcFact]
    public Task All_cases_pass_in_the_clear_by_the_engines_own_transport() =>
        PassAsync($"endpoints: [\"127.0.0.1:{grpc.Port}\"], protocol: h2c", "direct");

    [GrpcTheory]
    [InlineData("sockets")]
    [InlineData("direct")]
    public async Task All_cases_pass_from_a_client_over_tls(string io)
    {
        using var certificate = new TestCertificate("localhost");
        var tls = $$"""[ { tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}" } } ] } } ]""";
        await PassAsync($"endpoints: [\"127.0.0.1:{grpc.Port}\"], protocol: h2c", io, tls, certificate.CertPath);
    }

    [GrpcFact]
    public Task All_cases_pass_to_a_service_over_tls() =>
        PassAsync($"endpoints: [\"127.0.0.1:{grpc.TlsPort}\"], protocol: h2, tls: {{ insecure: true }}", "sockets");

    [GrpcTheory]
    [InlineData("respond: { status: 403, body: not here }", "7 not here")]
    [InlineData("cluster: dead", "14 Upstream could not be reached (connect_failed)")]
    [InlineData("respond: { status: 401 }", "16 ")]
    public async Task What_the_proxy_answers_itself_is_a_status_of_grpc(string action, string expected)
    {
        using var dead = new DeadPort();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners: { web: { address: "127.0.0.1:0", protocols: [http1, http2] } }
            routes: [ { name: all, {{action}} } ]
            clusters: { dead: { endpoints: ["127.0.0.1:{{dead.Port}}"], protocol: h2c } }
            """);

        Assert.Equal("ok expect_status", await grpc.RunAsync(proxy.Port, ["expect_status"], expectStatus: expected));
    }

    private async Task PassAsync(string cluster, string io, string filters = "[]", string? ca = null)
    {
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners: { web: { address: "127.0.0.1:0", io: {{io}}, protocols: [http1, http2], filters: {{filters}} } }
            routes: [ { name: all, cluster: service } ]
            clusters: { service: { {{cluster}} } }
            """);

        var output = await grpc.RunAsync(proxy.Port, Cases, ca);

        Assert.Equal(string.Join('\n', Cases.Select(name => $"ok {name}")), output);
    }
}
