using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>What bodies cost on their way: small messages go in one piece, large ones in large pieces.</summary>
[Collection(nameof(Alone))]
public sealed class TransferTests
{
    private const int Rounds = 50;

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public async Task A_head_and_its_small_body_leave_in_one_send_each_way(TestTransport transport)
    {
        using var upstream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        upstream.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        upstream.Listen();
        await using var proxy = await TestProxy.StartAsync(((IPEndPoint)upstream.LocalEndPoint!).Port, transport);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, proxy.Port);
        Socket? far = null;
        var buffer = new byte[65_536];
        var body = new string('x', 1_000);
        for (var i = 0; i < Rounds; i++)
        {
            // Who receives is there first, so that two sends would be two receives.
            var asked = far?.ReceiveAsync(buffer);
            await client.SendAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{body}"));
            far ??= await upstream.AcceptAsync();
            far.NoDelay = true;
            var request = Encoding.ASCII.GetString(buffer, 0, await (asked ?? far.ReceiveAsync(buffer)));
            Assert.EndsWith($"\r\n\r\n{body}", request, StringComparison.Ordinal);

            var answered = client.ReceiveAsync(buffer);
            await far.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{body}"));
            Assert.EndsWith($"\r\n\r\n{body}", Encoding.ASCII.GetString(buffer, 0, await answered), StringComparison.Ordinal);
        }

        far!.Dispose();
    }

    [Fact]
    public async Task Large_bodies_come_in_large_pieces_both_ways()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(new string('y', 4_000_000)));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.Direct, "{ route_filters: [ pieces ] }", "", typeof(PiecesFilter));
        await using var client = await proxy.ConnectAsync();
        PiecesFilter.Clear();
        Assert.Equal(200, (await client.RoundTripAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n{new string('x', 4_000_000)}")).Status);

        Assert.InRange(PiecesFilter.Request.Max(), DirectReader.SmallBufferSize * 2, DirectReader.LargeBufferSize);
        Assert.InRange(PiecesFilter.Response.Max(), DirectReader.SmallBufferSize * 2, DirectReader.LargeBufferSize);
    }

    [Component("pieces")]
    public sealed class PiecesFilter : IRequestBodyFilter, IResponseBodyFilter
    {
        internal static ConcurrentQueue<int> Request { get; } = new();

        internal static ConcurrentQueue<int> Response { get; } = new();

        internal static void Clear()
        {
            Request.Clear();
            Response.Clear();
        }

        public BodyUse UseRequestBody(HttpExchange exchange) => BodyUse.Observe;

        public BodyUse UseResponseBody(HttpExchange exchange) => BodyUse.Observe;

        public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, System.Buffers.ReadOnlySequence<byte> data, bool end, System.Buffers.IBufferWriter<byte>? output)
        {
            Request.Enqueue((int)data.Length);
            return new(FilterStatus.Continue);
        }

        public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, System.Buffers.ReadOnlySequence<byte> data, bool end, System.Buffers.IBufferWriter<byte>? output)
        {
            Response.Enqueue((int)data.Length);
            return new(FilterStatus.Continue);
        }
    }
}
