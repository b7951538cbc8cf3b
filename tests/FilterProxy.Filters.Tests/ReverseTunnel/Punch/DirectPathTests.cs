using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Filters.ReverseTunnel.Direct;
using FilterProxy.Filters.ReverseTunnel.Punch;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.Tests.ReverseTunnel.Secret;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Punch;

/// <summary>A direct connection and the relayed stream beside it.</summary>
public sealed class DirectPathTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    private readonly FakeTimeProvider _time = new();
    private readonly (LineEnd Visitor, LineEnd Agent) _line = LineEnd.Pair();
    private readonly Socket _one = Candidates.TryOpen()!, _other = Candidates.TryOpen()!;
    private SecretConnection _visitorsStream = null!, _agentsStream = null!;
    private DirectConnection _visitors = null!, _agents = null!;

    public async Task InitializeAsync()
    {
        var key = new SecretKey(VisitRig.Key, "acme", "apps", "ssh");
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = SslStreamCertificateContext.Create(
            new CertificateRequest("CN=test", pair, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1)), null, offline: true);
        var visiting = SecretHandshake.ConnectAsync(_line.Visitor, key, _limit.Token).AsTask();
        _agentsStream = await SecretHandshake.AcceptAsync(_line.Agent, certificate, key, _limit.Token);
        await SecretHandshake.AnswerAsync(_agentsStream, "", _limit.Token);
        _visitorsStream = await visiting;
        var secret = RandomNumberGenerator.GetBytes(DirectConnection.KeyLength);
        _visitors = DirectConnection.Start(_one, At(_other), secret, isVisitor: true, TimeProvider.System);
        _agents = DirectConnection.Start(_other, At(_one), secret, isVisitor: false, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await _visitors.DisposeAsync();
        await _agents.DisposeAsync();
        await _visitorsStream.DisposeAsync();
        await _agentsStream.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task The_visitor_keeps_the_stream_from_being_silent()
    {
        await using var path = new DirectPath(_visitorsStream, _visitors, isVisitor: true, _time);
        for (var i = 0; i < 3; i++)
        {
            await Poll.UntilAsync(() => _time.Waiting > 0, TimeSpan.FromSeconds(20));
            _time.Advance(TimeSpan.FromSeconds(10));

            var read = await _agentsStream.Input.ReadAsync(_limit.Token);
            Assert.Equal(1, read.Buffer.Length);
            _agentsStream.Input.AdvanceTo(read.Buffer.End);
        }
    }

    [Fact]
    public async Task A_stream_that_is_cut_ends_the_connection()
    {
        await using var path = new DirectPath(_agentsStream, _agents, isVisitor: false, _time);

        await _line.Visitor.Output.CompleteAsync();

        await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await _agents.Input.ReadAsync(_limit.Token));
        await Assert.ThrowsAnyAsync<IOException>(async () => await _visitors.Input.ReadAsync(_limit.Token));
    }

    [Fact]
    public async Task A_stream_that_is_ended_leaves_the_connection_what_is_on_its_way()
    {
        await using var path = new DirectPath(_agentsStream, _agents, isVisitor: false, _time);
        await using (var visitors = new DirectPath(_visitorsStream, _visitors, isVisitor: true, _time))
        {
            await visitors.Connection.Transport.Output.WriteAsync(new byte[100_000], _limit.Token);
            await ((IHalfClose)visitors.Connection.Transport).EndOutputAsync();
        }

        await _visitorsStream.DisposeAsync();
        var length = 0L;
        while (true)
        {
            var read = await _agents.Input.ReadAsync(_limit.Token);
            length += read.Buffer.Length;
            _agents.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        Assert.Equal(100_000, length);
    }

    private static IPEndPoint At(Socket socket) => new(IPAddress.Loopback, ((IPEndPoint)socket.LocalEndPoint!).Port);
}
