using FilterProxy.ScenarioTests.Grpc;
using FilterProxy.ScenarioTests.WebSockets;
using Xunit;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>grpc-js and npm's ws, which reach their services through an agent.</summary>
public sealed class TunnelClientTests(GrpcFixture grpc, WsServer sockets) : IClassFixture<GrpcFixture>, IClassFixture<WsServer>
{
    [GrpcFact]
    public Task Calls_of_every_kind_are_answered_through_a_tunnel() => PassAsync(
        "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream", "cancel_after_first_response", "custom_metadata", "status_code_and_message",
        "special_status_message", "status_after_messages", "unimplemented_method");

    [GrpcFact, Trait("suite", "long")]
    public Task Large_and_late_calls_are_answered_through_a_tunnel() => PassAsync(
        "very_large_unary", "cancel_after_begin", "timeout_on_sleeping_server", "unimplemented_service", "deadline_is_passed_on", "concurrent_large_unary");

    [WsFact]
    public async Task A_web_socket_application_finds_its_peer_through_a_tunnel()
    {
        await using var pair = await TunnelPair.StartAsync(sockets.Port);

        var output = await sockets.RunClientAsync($"ws://localhost:{pair.Server.Port}/echo");

        Assert.Equal("ok text\nok binary\nok deflate\nok deflate_without_context\nok ping\nok close_codes\nok many_messages_at_once\nok too_large", output);
    }

    private async Task PassAsync(params string[] cases)
    {
        await using var pair = await TunnelPair.StartAsync(grpc.Port, "protocol: h2c");

        Assert.Equal(string.Join('\n', cases.Select(name => $"ok {name}")), await grpc.RunAsync(pair.Server.Port, cases));
    }
}
