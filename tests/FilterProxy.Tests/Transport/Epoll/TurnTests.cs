using System.Buffers;
using System.Net.Sockets;
using System.Text;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;
using Xunit;

namespace FilterProxy.Tests.Transport.Epoll;

/// <summary>What a loop does for several sockets at once: it receives for all of them, serves them, and sends for all of them.</summary>
public sealed class TurnTests : IDisposable
{
    private const int Sockets = 4;

    // More than the sockets of one round, which is where what waits is sent.
    private const int ManySockets = 21;
    private readonly EpollLoop _loop = EpollLoop.Next() ?? throw new InvalidOperationException("These tests are of Linux.");
    private readonly List<SocketPair> _pairs = [];
    private int _queued;

    public void Dispose() => _pairs.ForEach(pair => pair.Dispose());

    [Theory]
    [InlineData(Sockets)]
    [InlineData(ManySockets)]
    public async Task What_is_sent_soon_arrives(int sockets)
    {
        await ServeTogetherAsync(sockets, (connection, name) =>
        {
            Write(connection, name);
            FlushSoon(connection);
            return Task.CompletedTask;
        });

        AssertReceived(name => name);
        Assert.InRange(_queued, 1, sockets);
    }

    [Fact]
    public async Task What_is_written_behind_it_comes_behind_it()
    {
        await ServeTogetherAsync(Sockets, async (connection, name) =>
        {
            Write(connection, name);
            FlushSoon(connection);
            Write(connection, "+");
            await connection.Output.FlushAsync();
            Write(connection, "-");
            FlushSoon(connection);
            Write(connection, "=");
            FlushSoon(connection);
        });

        AssertReceived(name => name + "+-=");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_end_comes_behind_it(bool isClosed)
    {
        await ServeTogetherAsync(Sockets, async (connection, name) =>
        {
            Write(connection, name);
            FlushSoon(connection);
            if (isClosed)
            {
                await connection.DisposeAsync();
            }
            else
            {
                await connection.Output.CompleteAsync();
            }
        });

        AssertReceived(name => name);
        Assert.All(_pairs, pair => Assert.Equal(0, pair.Far.Receive(new byte[1])));
    }

    [Fact]
    public async Task Another_thread_may_end_it_meanwhile()
    {
        for (var round = 0; round < 50; round++)
        {
            await ServeTogetherAsync(Sockets, (connection, name) =>
            {
                Write(connection, name);
                FlushSoon(connection);
                return Task.Run(async () => await connection.DisposeAsync());
            });

            AssertReceived(name => name);
            _pairs.ForEach(pair => pair.Dispose());
            _pairs.Clear();
        }
    }

    [Fact]
    public async Task Where_there_is_no_room_it_waits_for_some()
    {
        var filled = new int[Sockets];
        var connections = await ServeTogetherAsync(Sockets, (connection, name) =>
        {
            filled[name[0] - 'a'] = Fill(connection.Socket);
            Write(connection, name);
            _queued += connection.Output.TryFlushSoon() ? 1 : 0;
            return Task.CompletedTask;
        });

        Assert.InRange(_queued, 1, Sockets);
        var ends = connections.Select(async connection => await connection.Output.FlushAsync()).ToArray();
        for (var i = 0; i < Sockets; i++)
        {
            Receive(_pairs[i].Far, filled[i]);
        }

        await Task.WhenAll(ends).WaitAsync(TimeSpan.FromSeconds(10));
        AssertReceived(name => name);
    }

    [Fact]
    public async Task A_peer_that_left_shows_in_the_next_flush()
    {
        var connections = await ServeTogetherAsync(Sockets, (connection, name) =>
        {
            // What it sends after its reset cannot be taken.
            _pairs[name[0] - 'a'].ResetFar();
            Write(connection, name);
            _queued += connection.Output.TryFlushSoon() ? 1 : 0;
            return Task.CompletedTask;
        });

        foreach (var connection in connections)
        {
            await Assert.ThrowsAnyAsync<IOException>(async () =>
            {
                Write(connection, "again");
                await connection.Output.FlushAsync();
            });
        }
    }

    [Fact]
    public void Off_the_loop_nothing_waits()
    {
        using var pair = new SocketPair();
        using var connection = new Owned(new SocketConnection(pair.Near, _loop));
        Write(connection.Value, "now");

        Assert.False(connection.Value.Output.TryFlushSoon());
        Assert.Equal(3, connection.Value.Output.UnflushedBytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_is_cancelled_or_closed_by_another_after_its_bytes_have_come_goes_on(bool isClosed)
    {
        List<SocketConnection> all = [];
        var served = 0;
        var connections = await ServeTogetherAsync(
            Sockets,
            async (connection, name) =>
            {
                if (Interlocked.Increment(ref served) == 1)
                {
                    foreach (var other in all.Where(c => c != connection))
                    {
                        if (isClosed)
                        {
                            await other.DisposeAsync();
                        }
                        else
                        {
                            other.Input.CancelPendingRead();
                        }
                    }
                }
            },
            all);

        Assert.Equal(Sockets, served);
        Assert.Equal(Sockets, connections.Count);
    }

    private static void Write(SocketConnection connection, string text) => connection.Output.Write(Encoding.ASCII.GetBytes(text));

    private static void Receive(Socket socket, int length)
    {
        var buffer = new byte[64 * 1024];
        while (length > 0)
        {
            length -= socket.Receive(buffer, Math.Min(buffer.Length, length), SocketFlags.None);
        }
    }

    private static int Fill(Socket socket)
    {
        var sent = 0;
        var bytes = new byte[64 * 1024];
        while (LinuxSockets.Send(socket.SafeHandle, bytes) is > 0 and var length)
        {
            sent += length;
        }

        return sent;
    }

    private void FlushSoon(SocketConnection connection)
    {
        if (connection.Output.TryFlushSoon())
        {
            _queued++;
        }
        else
        {
            Assert.True(connection.Output.FlushAsync().IsCompleted);
        }
    }

    private void AssertReceived(Func<string, string> expected)
    {
        for (var i = 0; i < _pairs.Count; i++)
        {
            var text = expected(NameOf(i));
            var received = new byte[text.Length];
            var length = 0;
            while (length < text.Length && _pairs[i].Far.Receive(received, length, text.Length - length, SocketFlags.None) is > 0 and var more)
            {
                length += more;
            }

            Assert.Equal(text, Encoding.ASCII.GetString(received, 0, length));
        }
    }

    private static string NameOf(int index) => ((char)('a' + index)).ToString();

    /// <summary>Opens connections, has bytes come for all of them while the loop looks away, and serves each with what it reads.</summary>
    private async Task<List<SocketConnection>> ServeTogetherAsync(int count, Func<SocketConnection, string, Task> serve, List<SocketConnection>? connections = null)
    {
        connections ??= [];
        for (var i = 0; i < count; i++)
        {
            _pairs.Add(new SocketPair());
            connections.Add(new SocketConnection(_pairs[i].Near, _loop));
        }

        var all = new TaskCompletionSource<Task[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var isAway = new ManualResetEventSlim();
        using var haveCome = new ManualResetEventSlim();
        _loop.Schedule(
            _ =>
            {
                all.SetResult([.. connections.Select(connection => ServeAsync(connection, serve))]);
                isAway.Set();
                haveCome.Wait(TimeSpan.FromSeconds(10));
            },
            null);
        isAway.Wait(TimeSpan.FromSeconds(10));
        for (var i = 0; i < count; i++)
        {
            _pairs[i].Far.Send(Encoding.ASCII.GetBytes(NameOf(i)));
        }

        haveCome.Set();
        await Task.WhenAll(await all.Task).WaitAsync(TimeSpan.FromSeconds(20));
        return connections;
    }

    private static async Task ServeAsync(SocketConnection connection, Func<SocketConnection, string, Task> serve)
    {
        var read = await connection.Input.ReadAsync();
        var name = Encoding.ASCII.GetString(read.Buffer);
        connection.Input.AdvanceTo(read.Buffer.End);
        await serve(connection, name);
    }

    private sealed class Owned(SocketConnection value) : IDisposable
    {
        public SocketConnection Value => value;

        public void Dispose() => value.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10));
    }
}
