using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Telemetry;

public sealed class OtlpLogTests
{
    private const string Trace = "1af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task Lines_of_the_access_log_are_records_with_their_trace()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var upstream = TestUpstream.Start(request => request.Target == "/bad" ? UpstreamResponse.Raw("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") : UpstreamResponse.Ok());
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port,
            $$"""
            plugins: [AccessLog]
            telemetry: { tracing: {} }
            http: { filters: [ access_log: { text_format: "%PATH% %RESPONSE_CODE% %TRACE_ID%", otlp: { endpoint: "{{receiver.Url}}" } } ] }
            """);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);
        await client.RoundTripAsync($"GET /fine HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{Trace}-b7ad6b7169203331-00\r\n\r\n");
        await client.RoundTripAsync("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");

        await Poll.UntilAsync(() => receiver.Logs.Count == 2);
        var (fine, bad) = (receiver.Logs[0], receiver.Logs[1]);
        Assert.Equal(($"/fine 200 {Trace}", "INFO", Trace), (fine.All(5).Single().Text(1), fine.Text(3), fine.Hex(9)));
        Assert.Equal(("/bad 500 " + bad.Hex(9), "ERROR"), (bad.All(5).Single().Text(1), bad.Text(3)));
        Assert.Equal(32, bad.Hex(9).Length);
    }
}
