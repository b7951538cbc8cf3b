using System.Net.Sockets;
using System.Text.Json;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>What <c>connection_log</c> writes of connections.</summary>
public sealed class ConnectionLogTests
{
    [Theory]
    [InlineData("auto")]
    [InlineData("sockets")]
    public async Task A_line_tells_bytes_duration_upstream_and_reason(string io)
    {
        using var folder = new ScratchFolder();
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: Log(folder, "json") + " { tls_inspector: {} },", io: io);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        var hello = ClientHello.Make("db.example");
        await client.SendAsync(hello);
        using var server = await upstream.AcceptAsync();
        await server.SayAsync("welcome");
        await client.HearAsync(7);
        client.Shutdown(SocketShutdown.Send);
        await server.HearAsync(hello.Length);
        Assert.True(await server.EndsOrderlyAsync());
        server.Shutdown(SocketShutdown.Both);

        var line = JsonDocument.Parse(await LineAsync(folder)).RootElement;
        Assert.Equal("web", line.GetProperty("listener").GetString());
        Assert.Equal(client.LocalEndPoint!.ToString(), line.GetProperty("client").GetString());
        Assert.Equal("db.example", line.GetProperty("server_name").GetString());
        Assert.Equal("origin", line.GetProperty("cluster").GetString());
        Assert.Equal($"127.0.0.1:{upstream.Port}", line.GetProperty("upstream").GetString());
        Assert.Equal(hello.Length, line.GetProperty("bytes_received").GetInt64());
        Assert.Equal(7, line.GetProperty("bytes_sent").GetInt64());
        Assert.InRange(line.GetProperty("duration_ms").GetInt64(), 0, 20_000);
        Assert.Equal("client_closed", line.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_connection_nobody_took_has_its_reason_in_a_line_of_text()
    {
        using var folder = new ScratchFolder();
        await using var proxy = await RelayProxy.StartAsync(UpstreamTests.DeadPort(), before: Log(folder, "text"));
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        Assert.False(await client.EndsOrderlyAsync());

        var words = (await LineAsync(folder)).Split(' ');
        Assert.Equal(14, words.Length);
        Assert.Equal($"web {client.LocalEndPoint}", $"{words[1]} {words[2]}");
        Assert.Equal(["0", "0"], words[8..10]);
        Assert.Equal("connection_refused", words[11]);
    }

    [Fact]
    public async Task Twenty_megabytes_are_counted_though_the_kernel_moves_them()
    {
        const int Length = 20_000_000;
        using var folder = new ScratchFolder();
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: Log(folder, "json"));
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        var sending = Task.Run(async () =>
        {
            await server.SendAsync(new byte[Length]);
            server.Shutdown(SocketShutdown.Send);
        });
        var buffer = new byte[1 << 20];
        while (await client.ReceiveAsync(buffer) > 0)
        {
        }

        await sending;
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(Length, JsonDocument.Parse(await LineAsync(folder)).RootElement.GetProperty("bytes_sent").GetInt64());
    }

    private static string Log(ScratchFolder folder, string format) =>
        $$"""{ connection_log: { path: "{{folder["connections.log"]}}", format: {{format}}, flush_interval: 10ms } },""";

    private static async Task<string> LineAsync(ScratchFolder folder)
    {
        var text = "";
        await Poll.UntilAsync(() => (text = File.ReadAllText(folder["connections.log"])).EndsWith('\n'));
        return text.TrimEnd('\n');
    }
}
