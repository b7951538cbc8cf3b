using System.Text;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Handshake.HandshakeBench;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

/// <summary>Requests that are wrong in every way a seeded chance finds: each has its answer, and none gets a tunnel of somebody else.</summary>
public sealed class HandshakeFuzzTests : IDisposable
{
    private const int Seed = 20261121;
    private const string Secret = "a secret of edge-1 that is long enough";

    private readonly HandshakeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task No_change_of_a_signed_request_gets_a_tunnel_of_another_identity()
    {
        _bench.Credentials = new() { Keys = [new() { Id = "k1", Agent = Edge, Secret = Secret }] };
        _bench.Access = new() { Rules = [new() { Agents = ["*:*:*"], Protocols = ["http", "tcp"], Ports = ["1-65535"], Hosts = ["*"] }] };
        await using var server = _bench.Create();
        var random = new Random(Seed);
        var request = SignedHello.Request(_bench.Clock, "k1", Secret, OwnRequest(Edge, "streams", null, "x-filterproxy-tunnel-service: db;type=tcp;port=5432"));
        for (var i = 0; i < 2000; i++)
        {
            var changed = Change(random, Encoding.ASCII.GetBytes(request));
            var line = new HandshakeLine();
            await line.SendAsync(changed);
            await line.Agent.Output.CompleteAsync();

            var admission = await server.AcceptAsync(line, default);
            var answer = await line.ReadAsync();

            var what = $"seed {Seed}, request {i}: {Encoding.Latin1.GetString(changed)}";
            Assert.True(answer.Status is 200 or (>= 400 and < 600), what);
            Assert.True(admission is null == answer.Status > 200, what);
            if (admission is not null)
            {
                Assert.True((admission.Hello.Identity.ToString(), admission.Hello.Services.Single().Port) == (Edge, 5432), what);
                admission.Dispose();
            }
        }
    }

    [Fact]
    public async Task Whatever_bytes_come_there_is_an_answer()
    {
        await using var server = _bench.Create();
        var random = new Random(Seed);
        for (var i = 0; i < 500; i++)
        {
            var bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            var line = new HandshakeLine();
            await line.SendAsync(bytes);
            await line.Agent.Output.CompleteAsync();

            Assert.Null(await server.AcceptAsync(line, default));
            Assert.Equal(400, (await line.ReadAsync()).Status);
        }
    }

    // Bytes flipped, cut out, doubled or put in from a small alphabet of what matters; the rest of the request stays, so that most of it is understood.
    private static byte[] Change(Random random, byte[] request)
    {
        var bytes = request.ToList();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.Insert(at, ":\r\n ,;=\0-1/"u8[random.Next(11)]);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }

            if (bytes.Count == 0)
            {
                break;
            }
        }

        return [.. bytes];
    }
}
